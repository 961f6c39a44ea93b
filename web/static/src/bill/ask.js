/** Asks the worker beside this module. */
import { Unusable } from "../crypto/faults.js";

/**
 * @param {{file?: Blob, priced?: any, bill: any, price: string, unit: string}} asked a workbook, or what was read of it
 * @returns {Promise<{priced: any, findings: import("./check.js").Finding[]}>} Unusable when it is no workbook of this layout
 */
export async function compare({ file, priced, bill, price, unit }) {
  const data = file ? await file.arrayBuffer() : null;
  // Bundled, this module lies in a chunk; from there and from its source the address is the same.
  const worker = new Worker(new URL("../bill/worker.js", import.meta.url), { type: "module" });
  try {
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data: said }) => resolve(said);
      worker.onerror = () => reject(new Error("the worker that reads workbooks did not start"));
      worker.postMessage({ data, priced, bill, price, unit }, data ? [data] : []);
    });
    if (answer.error) throw new Unusable(answer.error);
    return answer;
  } finally {
    worker.terminate();
  }
}
