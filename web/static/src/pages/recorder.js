/**
 * What this seat records, in pieces of twenty seconds that each play alone. Second by second a piece lies in this browser's
 * own store; a reload, a fall or a cut line costs a second at most, and what is left is sent when the page is back.
 */
import { sha256hex } from "../crypto/index.js";
import { serverNow } from "./clock.js";
import { deliver } from "./deliver.js";
import { RefusedError } from "./net.js";
import { upload } from "./tus.js";

const PIECE = 20_000;
const SLICE = 1000;
const LONGEST = 120_000; // the server takes no longer piece (evaluation/talk/recordings.py); a sleeping browser turns none
const AGAIN = 10_000;
const STALE = 30_000; // an unfinished piece this old has nobody who writes on it
const RATES = { videoBitsPerSecond: 250_000, audioBitsPerSecond: 32_000 };
const KINDS = { video: ["video/webm;codecs=vp8,opus", "video/mp4"], audio: ["audio/webm;codecs=opus", "audio/mp4"] };
const DATABASE = "gongheng-recording";

const typeFor = (kind) => KINDS[kind].find((type) => globalThis.MediaRecorder?.isTypeSupported(type));
export const canRecord = () => Boolean(typeFor("audio"));
const iso = (ms) => `${new Date(ms + 8 * 3600_000).toISOString().slice(0, 23)}+08:00`;

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function table(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("pieces", { keyPath: "id" });
  const database = await done(opening);
  try {
    return await done(work(database.transaction("pieces", mode).objectStore("pieces")));
  } finally {
    database.close();
  }
}

export class Recorder {
  /** @param {string} room the case @param {string} person @param {(state: {on: boolean, waiting: number, refused: number, why: string}) => void} tell */
  constructor(room, person, tell) {
    this.room = room;
    this.person = person;
    this.tell = tell;
    this.on = false;
    this.sending = false;
    this.mine = new Set();
    this.refused = new Set(); // set aside until the page is loaded anew: by then this may be the member's seat again
    this.why = "";
  }

  /** From now on these tracks; clones, so that muting the call does not mute the recording. @param {{audio: MediaStreamTrack | null, video: MediaStreamTrack | null}} own */
  start(own) {
    this.#halt();
    const tracks = [own.audio, own.video].filter(Boolean).map((track) => track.clone());
    for (const track of tracks) track.enabled = true;
    if (!tracks.length) return this.stop();
    this.stream = new MediaStream(tracks);
    this.on = true;
    this.#piece();
    this.timer = setInterval(() => this.#piece(), PIECE);
    return this.#told();
  }

  stop() {
    this.#halt();
    this.on = false;
    return this.#told();
  }

  /** What a reload left. */
  async resume() {
    this.again = setInterval(() => this.#send(), AGAIN);
    await this.#send();
  }

  #halt() {
    clearInterval(this.timer);
    this.#end(this.recorder);
    this.recorder = undefined;
    const { stream } = this;
    setTimeout(() => stream?.getTracks().forEach((track) => track.stop()), SLICE); // after the last piece is out
  }

  #end(recorder) {
    if (recorder && recorder.state !== "inactive") recorder.stop();
  }

  /** The next piece begins before the last one ends: nothing falls between two. */
  #piece() {
    const before = this.recorder;
    const picture = this.stream.getVideoTracks().length > 0;
    const type = typeFor(picture ? "video" : "audio");
    const recorder = new MediaRecorder(this.stream, { mimeType: type, ...RATES });
    const piece = { id: crypto.randomUUID(), room: this.room, person: this.person, media: type.split(";")[0], picture, from: serverNow(), until: 0, parts: [], ended: false };
    this.mine.add(piece.id);
    let lane = Promise.resolve();
    const keep = () => (lane = lane.then(() => table("readwrite", (pieces) => pieces.put(piece))));
    recorder.ondataavailable = ({ data }) => {
      if (!data.size) return;
      piece.parts = [...piece.parts, data];
      piece.until = Math.min(serverNow(), piece.from + LONGEST);
      keep();
      if (recorder === this.recorder && piece.until - piece.from >= LONGEST - PIECE) this.#piece();
    };
    recorder.onstop = async () => {
      piece.ended = true;
      await keep();
      this.mine.delete(piece.id);
      this.#send();
    };
    recorder.start(SLICE);
    this.recorder = recorder;
    this.#end(before);
  }

  async #waiting() {
    const all = await table("readonly", (pieces) => pieces.getAll());
    const own = all.filter((one) => one.room === this.room && one.person === this.person && one.parts.length && !this.mine.has(one.id) && !this.refused.has(one.id));
    return own.filter((one) => one.ended || serverNow() - one.until > STALE).sort((a, b) => a.from - b.from);
  }

  async #told() {
    this.tell({ on: this.on, waiting: (await this.#waiting()).length, refused: this.refused.size, why: this.why });
  }

  /** Whether the server has kept a piece or never will. */
  async #bring(one) {
    const blob = new Blob(one.parts, { type: one.media });
    const sha256 = await sha256hex(new Uint8Array(await blob.arrayBuffer()));
    const payload = { sha256, media: one.media, picture: one.picture, from: iso(one.from), until: iso(Math.min(one.until, one.from + LONGEST)), once: one.id };
    try {
      await upload(blob, undefined, { key: `piece:${one.id}`, name: "recording" });
      await deliver("recording.keep", { case: this.room, payload, proof: {} }, () => undefined);
      return true;
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status < 400 || error.status > 499) throw error;
      this.refused.add(one.id);
      this.why = error.message;
      return error.status === 400;
    }
  }

  /** One after the other; a piece leaves the store when the server has kept it, or says that it is none (400). One that
   * it refuses for now is set aside, and the later ones go on. */
  async #send() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (const one of await this.#waiting()) {
        const gone = await this.#bring(one);
        if (gone) await table("readwrite", (pieces) => pieces.delete(one.id));
        await this.#told();
      }
    } finally {
      this.sending = false;
      await this.#told();
    }
  }
}
