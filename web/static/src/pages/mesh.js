/**
 * A call as a mesh: every browser sends its sound and picture to every other one; the server only lets them find each
 * other. A server that forwards (an SFU) would be another class with these five methods, and nothing else would change:
 *
 *   new Mesh(room, tell)            tell({kind: "people" | "thin" | "ended", …}) hears what happens
 *   await open(watching)            into the call, with or without something to send
 *   await use({audio, video})       the tracks that are sent from now on; null = nothing
 *   people                          Map peer → {member, stream, state: "calling" | "connected" | "lost", camera, microphone}
 *   close()                         out of it
 *
 * Whoever comes in calls everyone there; the caller alone calls again. So two never call each other at once.
 */
import { RefusedError } from "./net.js";
import { line, send } from "./live.js";

const LOOK = 3000;
const PATIENCE = 12_000; // for a connection to come about, or back
const UPSTREAM = 1_200_000; // bit/s of all pictures that one seat sends
const PICTURE = { least: 80_000, most: 400_000 };
const THIN = 90_000; // bit/s: below this a picture hurts the sound
const KINDS = ["audio", "video"];

/** Whether the narrowest line of the last five looks was too narrow each time. @param {number[]} rates */
export const tooThin = (rates) => rates.length >= 5 && rates.slice(-5).every((rate) => rate < THIN);

/** What one picture may take with so many receivers. @param {number} receivers */
export const pictureRate = (receivers) => Math.max(PICTURE.least, Math.min(PICTURE.most, Math.floor(UPSTREAM / Math.max(1, receivers))));

export class Mesh {
  /** @param {string} room the case @param {(event: {kind: string, why?: string}) => void} tell */
  constructor(room, tell) {
    this.room = room;
    this.tell = tell;
    this.people = new Map();
    this.tracks = { audio: null, video: null };
    this.rates = [];
    this.hear = (event) => event.case === this.room && this.#hear(event);
    this.again = () => this.#join().catch(() => undefined); // the next connection tries anew
  }

  async open(watching) {
    this.watching = watching;
    line().on("av", this.hear);
    try {
      await this.#join();
    } catch (error) {
      this.close();
      throw error;
    }
    line().on("connect", this.again);
    this.timer = setInterval(() => this.#look(), LOOK);
  }

  async use(tracks) {
    Object.assign(this.tracks, tracks);
    this.rates = [];
    for (const { pc } of this.people.values()) for (const one of pc?.getTransceivers() ?? []) await this.#fill(one);
    await this.#state();
  }

  close() {
    clearInterval(this.timer);
    line().off("av", this.hear);
    line().off("connect", this.again);
    if (this.me && line().connected) send("av.leave", { case: this.room }).catch(() => undefined);
    this.me = undefined;
    for (const one of [...this.people.values()]) this.#forget(one);
  }

  // -- the call and who is in it --------------------------------------------------------------------------------------

  async #join() {
    const answer = await send("av.join", { case: this.room, resume: this.me ?? "" });
    if (answer.status !== 200) {
      if (this.me) this.#end("");
      throw new RefusedError(answer.error ?? (answer.breaches ?? []).map((one) => one.text).join(" "), answer.breaches ?? [], answer.status);
    }
    this.ice = answer.ice;
    const fresh = answer.me !== this.me;
    this.me = answer.me;
    for (const one of [...this.people.values()]) if (fresh || !answer.peers.some((peer) => peer.peer === one.peer)) this.#forget(one);
    for (const told of answer.peers) {
      const one = this.#meet(told);
      if (fresh) await this.#dial(one);
    }
    await this.#state();
    this.#look();
    this.tell({ kind: "people" });
  }

  #state = () => (this.watching || !this.me ? undefined : send("av.state", { case: this.room, camera: this.tracks.video !== null, microphone: Boolean(this.tracks.audio?.enabled) }).catch(() => undefined));

  #meet({ peer, member, there, camera, microphone }) {
    const one = this.people.get(peer) ?? { peer, member, stream: new MediaStream(), state: "calling", waiting: [], lane: Promise.resolve() };
    Object.assign(one, { there, camera, microphone });
    this.people.set(peer, one);
    this.#judge(one);
    return one;
  }

  #forget(one) {
    one.pc?.close();
    one.pc = undefined;
    this.people.delete(one.peer);
  }

  #end(why) {
    this.close();
    this.tell({ kind: "ended", why });
  }

  #hear(event) {
    if (event.kind === "ended") this.#end(event.why);
    else if (event.kind === "signal") {
      const one = this.people.get(event.from);
      if (one) one.lane = one.lane.then(() => this.#take(one, event)).catch(() => undefined); // the caller calls again
    } else {
      if (event.kind === "left") {
        const one = this.people.get(event.peer);
        if (one) this.#forget(one);
      } else this.#meet(event);
      if (event.kind === "back") this.#look();
      this.tell({ kind: "people" });
    }
  }

  // -- one connection -------------------------------------------------------------------------------------------------

  #signal = (one, what) => send("av.signal", { case: this.room, to: one.peer, call: one.call, ...what }).catch(() => undefined);

  #make(one, call, caller) {
    one.pc?.close();
    one.stream = new MediaStream();
    const pc = new RTCPeerConnection({ iceServers: this.ice, bundlePolicy: "max-bundle" });
    Object.assign(one, { pc, call, caller, since: Date.now(), waiting: [], restarted: false });
    pc.onicecandidate = ({ candidate }) => candidate && this.#signal(one, { candidate: candidate.toJSON() });
    pc.ontrack = ({ track }) => {
      one.stream.addTrack(track);
      this.tell({ kind: "people" });
    };
    pc.onconnectionstatechange = () => {
      if (one.pc !== pc) return;
      this.#judge(one);
      if (pc.connectionState === "connected") this.#share();
      this.tell({ kind: "people" });
    };
    return pc;
  }

  #judge(one) {
    const state = one.pc?.connectionState;
    one.state = state === "connected" ? "connected" : !one.there || state === "failed" || state === "disconnected" ? "lost" : "calling";
    if (state === "connected") Object.assign(one, { since: Date.now(), restarted: false });
  }

  async #fill(transceiver) {
    if (!this.watching) await transceiver.sender.replaceTrack(this.tracks[transceiver.receiver.track.kind]);
  }

  get #direction() {
    return this.watching ? "recvonly" : "sendrecv";
  }

  async #dial(one) {
    const pc = this.#make(one, crypto.randomUUID().replaceAll("-", ""), true);
    for (const kind of KINDS) await this.#fill(pc.addTransceiver(kind, { direction: this.#direction }));
    await this.#offer(one);
  }

  async #offer(one) {
    const { pc } = one;
    await pc.setLocalDescription();
    await this.#signal(one, { description: pc.localDescription.toJSON() });
  }

  async #take(one, { call, description, candidate }) {
    if (description?.type === "offer" && call !== one.call) this.#make(one, call, false);
    if (call !== one.call || !one.pc) return;
    const { pc } = one;
    if (candidate) {
      if (pc.remoteDescription) await pc.addIceCandidate(candidate);
      else one.waiting.push(candidate);
    }
    if (!description) return;
    await pc.setRemoteDescription(description);
    for (const early of one.waiting.splice(0)) await pc.addIceCandidate(early);
    if (description.type !== "offer") return;
    for (const transceiver of pc.getTransceivers()) {
      transceiver.direction = this.#direction;
      await this.#fill(transceiver);
    }
    await pc.setLocalDescription();
    await this.#signal(one, { description: pc.localDescription.toJSON() });
  }

  // -- looking after it -----------------------------------------------------------------------------------------------

  /** The caller mends: another way for a connection that broke, a new call when that does not help. */
  #look() {
    if (!line().connected) return;
    for (const one of this.people.values()) {
      if (!one.caller || !one.there || one.pc?.connectionState === "connected") continue;
      const broken = one.pc.connectionState === "failed" || one.pc.connectionState === "disconnected";
      const waited = Date.now() - one.since > PATIENCE;
      if (broken && !one.restarted) {
        Object.assign(one, { restarted: true, since: Date.now() });
        one.pc.restartIce();
        this.#offer(one).catch(() => undefined); // looked after at the next look
      } else if (waited || one.pc.connectionState === "closed") this.#dial(one).catch(() => undefined);
    }
    this.#measure();
  }

  /** Each picture takes its share of what the seat may send. */
  #share() {
    const receivers = [...this.people.values()].filter((one) => one.state === "connected");
    for (const { pc } of receivers) {
      for (const sender of pc.getSenders()) {
        const parameters = sender.getParameters();
        if (sender.track?.kind !== "video" || !parameters.encodings?.length) continue;
        parameters.encodings[0].maxBitrate = pictureRate(receivers.length);
        sender.setParameters(parameters).catch(() => undefined); // a cap is a courtesy
      }
    }
  }

  async #measure() {
    if (!this.tracks.video) return;
    const rates = [];
    for (const { pc, state } of this.people.values()) {
      if (state !== "connected" || !pc) continue;
      for (const found of (await pc.getStats()).values()) if (found.type === "candidate-pair" && found.nominated && found.availableOutgoingBitrate) rates.push(found.availableOutgoingBitrate);
    }
    if (!rates.length) return;
    this.rates.push(Math.min(...rates));
    if (!tooThin(this.rates)) return;
    this.rates = [];
    this.tell({ kind: "thin" });
  }
}
