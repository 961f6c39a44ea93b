/** Microphone and camera, only after a click and only as long as they are tried; nothing is recorded or sent. */
import { t } from "./words.js";

const TRIED = 30_000;
const HEARD = 0.05;
const WHY = {
  NotFoundError: ["None was found.", "Plug one in, or do without: no bid needs one."],
  NotAllowedError: ["Access was denied.", "Allow it beside the address of this page, then try again."],
  NotReadableError: ["It is there, but another program has it.", "Close the other program, then try again."],
};

/** A stream, or {state, text, todo} that says why there is none. @param {MediaStreamConstraints} wanted */
async function open(wanted) {
  if (!navigator.mediaDevices?.getUserMedia) return { failed: { state: "weak", text: t("None was found."), todo: t("Open the page over https with a current browser.") } };
  try {
    return { stream: await navigator.mediaDevices.getUserMedia(wanted) };
  } catch (error) {
    const [text, todo] = WHY[error.name] ?? ["It does not start.", "Try another browser or device."];
    return { failed: { state: "weak", text: t(text), todo: t(todo) } };
  }
}

function close(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** The level on a bar; good once something was heard. @param {HTMLMeterElement} bar @param {(found: object) => void} tell */
export async function microphone(bar, tell) {
  const { stream, failed } = await open({ audio: true });
  if (!stream) return tell(failed);
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  audio.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let heard = false;
  bar.hidden = false;
  tell({ state: "weak", text: t("Nothing is heard yet."), todo: t("Speak: the bar must move.") });
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    bar.value = Math.min(1, Math.max(...samples.map(Math.abs)) * 2);
    if (heard || bar.value < HEARD) return;
    heard = true;
    tell({ state: "good", text: t("You are heard.") });
  }, 100);
  setTimeout(() => {
    clearInterval(timer);
    close(stream);
    audio.close();
    bar.hidden = true;
  }, TRIED);
}

/** The picture on the page. @param {HTMLVideoElement} screen @param {(found: object) => void} tell */
export async function camera(screen, tell) {
  const { stream, failed } = await open({ video: true });
  if (!stream) return tell(failed);
  screen.srcObject = stream;
  screen.hidden = false;
  await screen.play();
  tell({ state: "good", text: t("The picture comes: %(width)s × %(height)s.", { width: screen.videoWidth, height: screen.videoHeight }) });
  setTimeout(() => {
    close(stream);
    screen.srcObject = null;
    screen.hidden = true;
  }, TRIED);
}
