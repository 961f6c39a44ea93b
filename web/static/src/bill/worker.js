/** A workbook is read and compared in a thread of its own, so that three thousand lines freeze no page. */
import { check, inYuan } from "./check.js";
import { pricedOf } from "./layout.js";
import { rowsOf } from "./read.js";

/** {data: ArrayBuffer | null, priced?, bill, price, unit} → {priced, findings} or {error} */
self.onmessage = ({ data: { data, priced: known, bill, price, unit } }) => {
  try {
    const priced = data ? pricedOf(rowsOf(new Uint8Array(data))) : known;
    self.postMessage({ priced, findings: check(bill, priced, price ? inYuan(price, unit) : undefined) });
  } catch (error) {
    self.postMessage({ error: error.message });
  }
};
