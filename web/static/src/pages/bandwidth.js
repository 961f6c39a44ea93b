/** How fast the line to the server is: pieces that grow until one takes a second; what goes over it is thrown away. */
import { RefusedError, answerOf } from "./net.js";
import { t } from "./words.js";

const STEPS = [1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24];
const ENOUGH = 1000;
const PATIENCE = 15_000;
const TRIES = 5;

const place = () => `${document.body.dataset.uploads || "/uploads"}/measure`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function noise(size) {
  const block = crypto.getRandomValues(new Uint8Array(1 << 16));
  return new Blob(Array.from({ length: size / block.length }, () => block));
}

async function ask(url, init) {
  try {
    return await fetch(url, { ...init, credentials: "include", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    throw new RefusedError(t("The line to the server is cut, or slower than 10 kB a second."), [], 0);
  }
}

async function up(size) {
  const headers = { "X-Gongheng": "1", "Content-Type": "application/octet-stream" };
  const { bytes } = await answerOf(await ask(place(), { method: "POST", headers, body: noise(size) }));
  return bytes;
}

async function down(size) {
  const answer = await ask(`${place()}?bytes=${size}`);
  if (!answer.ok) return answerOf(answer);
  return (await answer.arrayBuffer()).byteLength;
}

/** One piece; waits while others measure. @returns {Promise<{bytes: number, ms: number}>} */
async function once(way, size) {
  for (let tries = 1; ; tries += 1) {
    const began = performance.now();
    try {
      return { bytes: await way(size), ms: performance.now() - began };
    } catch (error) {
      if (error.status !== 503 || tries >= TRIES) throw error;
      await pause(500 + Math.random() * 2000);
    }
  }
}

async function measure(way, say) {
  let speed = 0;
  await once(way, STEPS[0]); // opens the connection; that is no speed of the line
  for (const [step, size] of STEPS.entries()) {
    say?.((100 * step) / STEPS.length);
    const { bytes, ms } = await once(way, size);
    speed = (1000 * bytes) / ms;
    if (ms >= ENOUGH) break;
  }
  return speed;
}

/** Bytes a second from here to the server. @param {(part: number) => void} [say] */
export const upSpeed = (say) => measure(up, say);

/** Bytes a second from the server to here. @param {(part: number) => void} [say] */
export const downSpeed = (say) => measure(down, say);
