/** Acts of a room: over the open line, over HTTP while it is cut, again until the server has answered. */
import { RefusedError, post } from "./net.js";
import { line, send } from "./live.js";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function overLine(name, body) {
  const answer = await send("act", { name, ...body });
  if (answer.status === 200) return answer.result;
  throw new RefusedError(answer.error ?? (answer.breaches ?? []).map((one) => one.text).join(" "), answer.breaches ?? [], answer.status);
}

/**
 * The result; a refusal is an answer and is thrown. The payload carries its `once`, so that sending it again does it once.
 * @param {string} name @param {{case: string, payload: object, proof: object}} body @param {() => void} cut told that the line is cut
 */
export async function deliver(name, body, cut) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      if (line().connected) return await overLine(name, body);
      return (await post(`/api/v1/acts/${name}`, body)).result;
    } catch (error) {
      if (error instanceof RefusedError && error.status !== 0) throw error;
      cut();
      await pause(wait);
    }
  }
}
