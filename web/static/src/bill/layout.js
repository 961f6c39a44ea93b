/** What a bidder's workbook says, as `priced-bill/1`; the layout and its words are those of methods/bill.py. */
import { Unusable } from "../crypto/faults.js";
import { MOST_LINES } from "./read.js";

const HEADS = {
  no: ["序号"],
  code: ["项目编码", "编码", "清单编码"],
  name: ["项目名称", "名称"],
  feature: ["项目特征", "项目特征描述"],
  unit: ["计量单位", "单位"],
  quantity: ["工程量", "数量"],
  fixed: ["固定金额", "暂定金额"],
  limit: ["最高综合单价", "综合单价限价", "单价限价", "控制单价"],
  price: ["综合单价", "单价"],
  amount: ["合价", "金额"],
};
const TOTALS = ["合计", "总计", "投标总价"];
const NEEDED = ["no", "name", "quantity", "price", "amount"];
const LINE = ["no", "code", "name", "feature", "unit", "quantity", "price", "amount"];
const HEAD_ROWS = 30;
// The same characters as in Python: \s differs between the two.
const SPACE = /[\t\n\v\f\r \u00a0\u3000]+/g;

/** White space of any kind and length is one blank. @param {string} text */
export const tidy = (text) => text.replace(SPACE, " ").replace(/^ +| +$/g, "");
const close = (text) => text.replace(SPACE, "");
const head = (text) => close(text).split(/[(（]/)[0];

function columns(rows) {
  for (const [place, [, cells]] of rows.slice(0, HEAD_ROWS).entries()) {
    const names = cells.map(head);
    const found = Object.entries(HEADS).map(([key, among]) => [key, names.indexOf(among.find((one) => names.includes(one)))]);
    const known = Object.fromEntries(found.filter(([, at]) => at >= 0));
    if ("name" in known && "quantity" in known) return { place, known };
  }
  throw new Unusable("workbook: no row with the headings 项目名称 and 工程量");
}

const isTotal = (record) => ["no", "code", "name"].some((key) => TOTALS.includes(close(record[key])));
const isHeading = (record) => record.name && !["unit", "quantity", "fixed", "price", "amount"].some((key) => record[key]);

/** @param {[number, string[]][]} rows @returns {{schema: string, lines: Record<string, any>[], total: string, total_line: number}} */
export function pricedOf(rows) {
  const { place, known } = columns(rows);
  const lacking = NEEDED.filter((key) => !(key in known)).map((key) => HEADS[key][0]);
  if (lacking.length) throw new Unusable(`workbook: no column (${lacking.join(", ")})`);
  const priced = { schema: "priced-bill/1", lines: [], total: "", total_line: 0 };
  for (const [line, cells] of rows.slice(place + 1)) {
    const record = Object.fromEntries(Object.keys(HEADS).map((key) => [key, key in known ? tidy(cells[known[key]] ?? "") : ""]));
    if (!Object.values(record).some(Boolean)) continue;
    if (isTotal(record)) {
      if (!priced.total_line) [priced.total, priced.total_line] = [record.amount.slice(0, 60), line];
    } else if (!isHeading(record) || record.no) {
      priced.lines.push({ line, ...Object.fromEntries(LINE.map((key) => [key, record[key]])) });
    }
  }
  if (priced.lines.length > 2 * MOST_LINES) throw new Unusable(`workbook: too many lines (> ${2 * MOST_LINES})`);
  return priced;
}
