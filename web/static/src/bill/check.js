/**
 * A priced bill against the tender's, line by line: the same findings as methods/bill.py, in the same order. Numbers are
 * whole numbers and a count of decimals, so nothing is rounded but the amount of a line, half up to the cent.
 */
import { tidy } from "./layout.js";

/** @typedef {{line: number, no: string, kind: string, required: string, found: string}} Finding */
/** @typedef {{units: bigint, places: number}} Exact */

const NUMBER = /^(-?)(\d{1,15})(?:\.(\d{1,15}))?$/;
const MOST_SHOWN = 200;
const TEXTS = ["code", "name", "feature", "unit"];

/** The number a cell says; undefined where it says none. @param {string} text @returns {Exact | undefined} */
export function number(text) {
  const [, sign, whole, fraction = ""] = NUMBER.exec(tidy(text.replace(/[,，]/g, "")).replace(/ /g, "")) ?? [];
  if (whole === undefined) return undefined;
  const units = BigInt(whole + fraction);
  return { units: sign ? -units : units, places: fraction.length };
}

const at = ({ units, places }, more) => units * 10n ** BigInt(more - places);
const same = (a, b) => a !== undefined && b !== undefined && at(a, Math.max(a.places, b.places)) === at(b, Math.max(a.places, b.places));
const above = (a, b) => at(a, Math.max(a.places, b.places)) > at(b, Math.max(a.places, b.places));
const times = (a, b) => ({ units: a.units * b.units, places: a.places + b.places });

export function plus(a, b) {
  const places = Math.max(a.places, b.places);
  return { units: at(a, places) + at(b, places), places };
}

/** Two decimals, half up; never asked of what is below zero. */
function cents(value) {
  if (value.places <= 2) return { units: at(value, 2), places: 2 };
  const step = 10n ** BigInt(value.places - 2);
  return { units: (value.units + step / 2n) / step, places: 2 };
}

/** Without trailing zeros. @param {Exact} value */
export function plain({ units, places }) {
  const text = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const fraction = places ? text.slice(-places).replace(/0+$/, "") : "";
  return `${units < 0n ? "-" : ""}${places ? text.slice(0, -places) : text}${fraction && `.${fraction}`}`;
}

/** A price of the sheet in yuan. @param {string} price @param {string} unit */
export const inYuan = (price, unit) => times(number(price), { units: unit === "万元" ? 10000n : 1n, places: 0 });

function changed(want, row) {
  const found = [];
  const finding = (kind) => found.push({ line: row.line, no: row.no, kind, required: want[kind], found: row[kind] });
  for (const key of TEXTS) if (tidy(want[key]) !== tidy(row[key])) finding(key);
  if (!same(number(row.quantity), number(want.quantity))) finding("quantity");
  return found;
}

/** [usable number, what is wrong with it] */
function says(row, key) {
  if (!row[key]) return [undefined, `${key}.empty`];
  const value = number(row[key]);
  if (value === undefined) return [undefined, `${key}.number`];
  return value.units < 0n ? [undefined, `${key}.negative`] : [value, ""];
}

function priced(want, row) {
  const fixed = number(want.fixed);
  const [price, oddPrice] = says(row, "price");
  const [amount, oddAmount] = says(row, "amount");
  const due = fixed ?? (price && cents(times(price, number(want.quantity))));
  const need = due ? plain(due) : "";
  const found = [];
  const finding = (kind, required, said) => found.push({ line: row.line, no: row.no, kind, required, found: said });
  if (oddPrice && !(fixed && oddPrice === "price.empty")) finding(oddPrice, "", row.price);
  const limit = number(want.limit ?? "");
  if (limit && price && above(price, limit)) finding("limit", plain(limit), row.price);
  if (oddAmount) finding(oddAmount, need, row.amount);
  else if (due && !same(amount, due)) finding(fixed ? "fixed" : "amount", need, row.amount);
  return found;
}

function totals(bid, price) {
  const amounts = bid.lines.map((row) => says(row, "amount")[0]).filter(Boolean);
  const total = amounts.reduce(plus, { units: 0n, places: 0 });
  const [stated, line, need] = [number(bid.total), bid.total_line, plain(total)];
  const found = [];
  const finding = (kind, required, said) => found.push({ line, no: "", kind, required, found: said });
  if (!line || !bid.total) finding("total.missing", need, "");
  else if (!stated) finding("total.number", need, bid.total);
  else if (!same(stated, total)) finding("total", need, bid.total);
  const said = stated ?? total;
  if (price && !same(price, said)) finding("sheet", plain(said), plain(price));
  return found;
}

/** What differs is shown, not whole cells. @param {Finding} finding */
function cut(finding) {
  const short = (text) => (text.length > MOST_SHOWN ? [...text].slice(0, MOST_SHOWN).join("") : text);
  return { ...finding, no: short(finding.no), required: short(finding.required), found: short(finding.found) };
}

/**
 * @param {any} bill `bill-of-quantities/1` @param {any} bid `priced-bill/1` @param {Exact} [price] of the sheet, in yuan
 * @returns {Finding[]}
 */
export function check(bill, bid, price) {
  const lines = bill.sections.flatMap((section) => section.lines);
  const wanted = new Map(lines.map((line) => [line.no, line]));
  const first = new Map();
  const found = [];
  for (const row of bid.lines) {
    const want = wanted.get(row.no);
    const finding = (kind, required, said) => found.push({ line: row.line, no: row.no, kind, required, found: said });
    if (!want) finding("added", "", tidy(`${row.code} ${row.name}`));
    else if (first.has(row.no)) finding("twice", String(first.get(row.no)), row.no);
    else {
      first.set(row.no, row.line);
      found.push(...changed(want, row), ...priced(want, row));
    }
  }
  for (const line of lines) if (!first.has(line.no)) found.push({ line: 0, no: line.no, kind: "missing", required: tidy(`${line.code} ${line.name}`), found: "" });
  return [...found, ...totals(bid, price)].map(cut);
}
