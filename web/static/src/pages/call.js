/** The call in the panel: joining, camera and microphone, the faces, and what this seat records. */
import { showError } from "./breaches.js";
import { Mesh } from "./mesh.js";
import { Recorder, canRecord } from "./recorder.js";
import { t } from "./words.js";

const SIZE = { width: { ideal: 320 }, height: { ideal: 240 }, frameRate: { max: 15 } };
const WHY = {
  NotAllowedError: "Access was denied; allow it beside the address of this page.",
  NotFoundError: "None was found.",
  NotReadableError: "Another program has it.",
};

/** The wanted tracks, and why one is missing. A camera that fails does not cost the sound. */
async function tracksOf(wanted) {
  if (!navigator.mediaDevices?.getUserMedia) return { why: t("Open the page over https with a current browser.") };
  const want = (kind, own) => navigator.mediaDevices.getUserMedia({ [kind]: own }).then((stream) => ({ [kind]: stream.getTracks()[0] }));
  const found = {};
  let why = "";
  for (const [kind, own] of Object.entries(wanted)) {
    try {
      Object.assign(found, await want(kind, own));
    } catch (error) {
      why = t(WHY[error.name] ?? "It does not start.");
    }
  }
  return { ...found, why };
}

/** @param {HTMLElement} panel @param {(member: string) => string} nameOf */
export function startCall(panel, nameOf) {
  const CASE = panel.dataset.talk;
  const WATCHING = !panel.dataset.me;
  const ALWAYS = panel.dataset.regime === "R2";
  const KEY = `gongheng-call-${CASE}-${panel.dataset.person}`;
  const tiles = panel.querySelector("[data-tiles]");
  const at = (name) => panel.querySelector(`[data-call="${name}"]`);
  const device = (kind) => panel.querySelector(`[data-device="${kind}"]`);
  const note = (text) => (panel.querySelector("[data-call-note]").textContent = text);
  if (!at("join")) return;
  let mesh;
  let own = { audio: null, video: null };
  let told = "";

  // What was on goes on after a reload: the room turns its pages often.
  const kept = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  const keep = (changes) => sessionStorage.setItem(KEY, JSON.stringify({ ...kept(), ...changes }));

  const recorder = WATCHING ? undefined : new Recorder(CASE, panel.dataset.person, ({ on, waiting, refused, why }) => {
    const words = on ? t("This seat is being recorded, also while you are muted.") : mesh && ALWAYS ? t("This seat is not being recorded.") : "";
    const late = waiting > 1 ? t("%(n)s pieces of the recording wait for the line.", { n: waiting }) : "";
    const lost = refused ? t("%(n)s pieces of the recording were refused: %(why)s", { n: refused, why }) : "";
    panel.querySelector("[data-record-note]").textContent = [words, late, lost].filter(Boolean).join(" ");
    at("record")?.setAttribute("aria-pressed", String(on));
  });

  // -- what is shown --------------------------------------------------------------------------------------------------

  function tile(key, name) {
    const found = tiles.querySelector(`[data-peer="${key}"]`);
    if (found) return found;
    const node = panel.querySelector("[data-tile]").content.firstElementChild.cloneNode(true);
    node.dataset.peer = key;
    node.querySelector("[data-name]").textContent = name;
    tiles.append(node);
    return node;
  }

  function showOwn() {
    if (WATCHING) return;
    const node = tile("me", t("me"));
    const screen = node.querySelector("video");
    screen.muted = true;
    node.dataset.state = "connected";
    node.dataset.camera = own.video ? "on" : "off";
    node.querySelector("[data-said]").textContent = [own.video ? "" : t("no picture"), own.audio?.enabled ? "" : t("microphone off")].filter(Boolean).join(" · ");
    screen.srcObject = own.video ? new MediaStream([own.video]) : null;
  }

  function stateOf(one) {
    if (one.state === "calling") return t("connecting…");
    if (one.state === "lost") return t("lost");
    return [one.camera ? t("connected") : t("sound only"), one.microphone ? "" : t("microphone off")].filter(Boolean).join(" · ");
  }

  function show() {
    const shown = [...(mesh?.people.values() ?? [])].filter((one) => one.member);
    for (const node of tiles.querySelectorAll("[data-peer]")) if (node.dataset.peer !== "me" && !shown.some((one) => one.peer === node.dataset.peer)) node.remove();
    for (const one of shown) {
      const node = tile(one.peer, nameOf(one.member));
      const screen = node.querySelector("video");
      if (screen.srcObject !== one.stream) screen.srcObject = one.stream;
      if (screen.paused && one.state === "connected") screen.play().catch(() => undefined); // plays once the page was touched
      node.dataset.state = one.state;
      node.dataset.member = one.member;
      node.dataset.camera = one.camera ? "on" : "off";
      node.querySelector("[data-said]").textContent = stateOf(one);
    }
    const words = !mesh ? told || t("You are not in the call.") : WATCHING ? t("You watch and listen; nobody sees or hears you.") : t("You are in the call: %(n)s others.", { n: shown.length });
    panel.querySelector("[data-call-state]").textContent = words;
    at("join").hidden = Boolean(mesh);
    for (const name of ["microphone", "camera", "record", "leave"]) if (at(name)) at(name).hidden = !mesh;
    const devices = panel.querySelector("[data-devices]");
    if (devices) devices.hidden = !mesh;
    if (mesh) showOwn();
    if (WATCHING) return;
    at("microphone").querySelector("[data-label]").textContent = own.audio?.enabled ? t("Mute me") : t("Let me be heard");
    at("camera").querySelector("[data-label]").textContent = own.video ? t("Turn the camera off") : t("Turn the camera on");
  }

  async function listDevices() {
    const found = await navigator.mediaDevices.enumerateDevices();
    for (const [kind, words, track] of [["videoinput", "Camera %(n)s", own.video], ["audioinput", "Microphone %(n)s", own.audio]]) {
      const listed = found.filter((one) => one.kind === kind);
      device(kind).replaceChildren(...listed.map((one, n) => new Option(one.label || t(words, { n: n + 1 }), one.deviceId)));
      const used = track?.getSettings().deviceId;
      if (used) device(kind).value = used;
    }
  }

  // -- what is sent ---------------------------------------------------------------------------------------------------

  const chosen = (kind) => (kept()[kind] ? { deviceId: { ideal: kept()[kind] } } : {});

  /** Ask for the tracks, end those they replace, and send them. */
  async function take(wanted) {
    const ask = {};
    if (wanted.audio) ask.audio = { echoCancellation: true, noiseSuppression: true, ...chosen("audioinput") };
    if (wanted.video) ask.video = { ...SIZE, ...chosen("videoinput") };
    const { why, ...found } = await tracksOf(ask);
    for (const kind of Object.keys(ask)) {
      own[kind]?.stop();
      own[kind] = found[kind] ?? null;
      own[kind]?.addEventListener("ended", () => mesh && own[kind]?.readyState === "ended" && drop(kind));
    }
    if (why) note(t(own.audio ? "The camera could not be used: %(why)s You go on with sound only." : "Camera or microphone could not be used: %(why)s You hear the others and may write.", { why }));
  }

  async function sendOwn() {
    await mesh?.use({ ...own });
    if (recorder?.on) recorder.start(own);
    show();
  }

  async function drop(kind) {
    own[kind]?.stop();
    own[kind] = null;
    await sendOwn();
  }

  async function toggleCamera() {
    note("");
    keep({ camera: !own.video });
    if (own.video) return drop("video");
    await take({ video: true });
    await sendOwn();
  }

  async function toggleMicrophone() {
    note("");
    if (own.audio) own.audio.enabled = !own.audio.enabled;
    else await take({ audio: true });
    keep({ muted: !own.audio?.enabled });
    await sendOwn();
  }

  // -- in and out -----------------------------------------------------------------------------------------------------

  async function join() {
    note("");
    told = "";
    const began = new Mesh(CASE, ({ kind, why }) => {
      if (kind === "ended") ended(why);
      else if (kind === "thin") {
        note(t("The line is poor: your picture is off, your sound stays."));
        keep({ camera: false });
        drop("video");
      } else show();
    });
    if (!WATCHING) await take({ audio: true, video: kept().camera !== false });
    if (own.audio) own.audio.enabled = !kept().muted;
    await began.open(WATCHING);
    mesh = began;
    keep({ on: true });
    if (!WATCHING) {
      await mesh.use({ ...own });
      await listDevices();
      if ((ALWAYS || kept().record) && canRecord()) recorder.start(own);
    }
    show();
  }

  function out() {
    mesh?.close();
    mesh = undefined;
    recorder?.stop();
    for (const track of Object.values(own)) track?.stop();
    own = { audio: null, video: null };
    tiles.replaceChildren();
    show();
  }

  function ended(why) {
    keep({ on: false });
    told = why === "elsewhere" ? t("The call is in another window.") : t("The call is over for you.");
    mesh = undefined;
    out();
  }

  const PRESSED = {
    join,
    leave: () => {
      keep({ on: false });
      out();
    },
    camera: toggleCamera,
    microphone: toggleMicrophone,
    record: () => {
      if (!canRecord()) return note(t("This browser cannot record."));
      if (recorder.on) recorder.stop();
      else recorder.start(own);
      return keep({ record: recorder.on });
    },
    // The new window copies this one's session, and so goes on with the call by itself.
    window: () => window.open(`/room/${CASE}/talk`, `gongheng-talk-${CASE}`, "width=960,height=720"),
  };

  async function press(button) {
    button.disabled = true;
    try {
      await PRESSED[button.dataset.call]();
    } catch (error) {
      out();
      const box = panel.querySelector("[data-say] [data-breaches]");
      if (box) showError(box, error);
      else note(error.message);
    } finally {
      button.disabled = false;
    }
  }

  panel.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-call]");
    if (button instanceof HTMLButtonElement) press(button);
  });
  panel.addEventListener("change", async (event) => {
    const kind = event.target.dataset?.device;
    if (!kind || !mesh) return;
    keep({ [kind]: event.target.value });
    await take(kind === "videoinput" ? { video: true } : { audio: true });
    await sendOwn();
  });
  recorder?.resume();
  if (kept().on) press(at("join"));
}
