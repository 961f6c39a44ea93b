/**
 * The first sheet of an xlsx workbook as rows of text, as trading/bidding/workbook.py reads it: a price is read in the
 * bidder's own browser and nowhere else before the opening. Runs in a worker, where there is no DOM.
 *
 * fflate's synchronous half is used on purpose: its other half, like the spreadsheet libraries built on it, starts
 * workers from blobs, which the pages' content security policy forbids.
 */
import { strFromU8, unzipSync } from "fflate";
import { Parser } from "saxen";
import { Unusable } from "../crypto/faults.js";

const LARGEST = 16 << 20;
const UNPACKED = 128 << 20;
export const MOST_LINES = 5000;
const MOST_ROWS = 2 * MOST_LINES + 500;
const MOST_COLUMNS = 30;
const WANTED = /^xl\/(workbook\.xml|_rels\/workbook\.xml\.rels|sharedStrings\.xml|styles\.xml|worksheets\/[^/]+\.xml)$/;

const bare = (name) => name.slice(name.indexOf(":") + 1);

/** Walks the elements of a part: `open(name, attribute getter)`, `text(words)`, `close(name)`, names without prefix. */
function walk(xml, { open, text, close }) {
  const parser = new Parser();
  parser.on("openTag", (name, attributes, _, closed) => {
    open?.(bare(name), attributes);
    if (closed) close?.(bare(name));
  });
  parser.on("closeTag", (name, _, closed) => closed || close?.(bare(name)));
  parser.on("text", (value, decode) => text?.(decode(value)));
  parser.on("cdata", (value) => text?.(value));
  parser.on("error", (error) => {
    throw error;
  });
  parser.parse(xml);
}

/** A number to the fifteen digits a workbook shows, without exponent. @param {string} text */
export function plainNumber(text) {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  const [mantissa, power = "0"] = value.toExponential(14).split("e");
  const negative = mantissa.startsWith("-");
  const digits = mantissa.replace(/[-.]/g, "");
  const point = 1 + Number(power);
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const at = Math.max(point, 1);
  const fraction = padded.slice(at).replace(/0+$/, "");
  const whole = padded.slice(0, at).replace(/^0+(?=\d)/, "");
  const shown = fraction ? `${whole}.${fraction}` : whole;
  return negative && shown !== "0" ? `-${shown}` : shown;
}

/** Which cell styles show a date. @returns {boolean[]} by the number of the style */
function dates(xml) {
  const custom = new Map();
  const found = [];
  let within = false;
  if (!xml) return found;
  walk(xml, {
    open(name, attributes) {
      if (name === "numFmt") custom.set(attributes().numFmtId, attributes().formatCode ?? "");
      if (name === "cellXfs") within = true;
      if (name === "xf" && within) {
        const id = Number(attributes().numFmtId ?? 0);
        const code = (custom.get(String(id)) ?? "").replace(/"[^"]*"|\[[^\]]*\]|\\./g, "");
        found.push((id >= 14 && id <= 22) || (id >= 45 && id <= 47) || /[dmyhs]/i.test(code));
      }
    },
    close: (name) => name === "cellXfs" && (within = false),
  });
  return found;
}

function strings(xml) {
  const found = [];
  let words;
  let inside = 0;
  let phonetic = 0;
  if (!xml) return found;
  walk(xml, {
    open(name) {
      if (name === "si") words = "";
      if (name === "rPh") phonetic++;
      if (name === "t") inside++;
    },
    text: (said) => inside && !phonetic && (words += said),
    close(name) {
      if (name === "si") found.push(words);
      if (name === "rPh") phonetic--;
      if (name === "t") inside--;
    },
  });
  return found;
}

/** 3 for C12. */
const column = (reference) => [...reference.replace(/\d+$/, "")].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

function textOf({ type, style, value }, shared, shows) {
  if (value === undefined || value === "") return "";
  if (type === "s") return shared[Number(value)] ?? "";
  if (type === "b") return Number(value) ? "TRUE" : "FALSE";
  if (type === "d") return "#DATE";
  if (type !== "n") return value;
  return shows[style] ? "#DATE" : plainNumber(value);
}

/** @returns {[number, string[]][]} rows that say something */
function cells(xml, shared, shows) {
  const rows = [];
  let row = 0;
  let at = 0;
  let line = [];
  let cell;
  let inside = 0;
  let phonetic = 0;
  walk(xml, {
    open(name, attributes) {
      if (name === "row") {
        row = Number(attributes().r ?? row + 1);
        [line, at] = [[], 0];
      } else if (name === "c") {
        const { r, t, s } = attributes();
        at = r ? column(r) : at + 1;
        cell = { type: t ?? "n", style: Number(s ?? 0), value: undefined };
      } else if (name === "rPh") phonetic++;
      else if (name === "v" || name === "t") inside++;
    },
    text: (said) => cell && inside && !phonetic && (cell.value = (cell.value ?? "") + said),
    close(name) {
      if (name === "c") {
        if (at <= MOST_COLUMNS) line[at - 1] = textOf(cell, shared, shows);
        cell = undefined;
      } else if (name === "rPh") phonetic--;
      else if (name === "v" || name === "t") inside--;
      else if (name === "row" && line.some(Boolean)) {
        if (row > MOST_ROWS) throw new Unusable(`workbook: more than ${MOST_ROWS} rows`);
        rows.push([row, Array.from(line, (text) => text ?? "")]);
      }
    },
  });
  return rows;
}

/** The address of the first worksheet inside the archive. */
function firstSheet(parts) {
  const targets = new Map();
  walk(parts("xl/_rels/workbook.xml.rels"), {
    open(name, attributes) {
      const { Id, Target, Type } = name === "Relationship" ? attributes() : {};
      if (Type?.endsWith("/worksheet")) targets.set(Id, Target.startsWith("/") ? Target.slice(1) : `xl/${Target}`);
    },
  });
  const order = [];
  walk(parts("xl/workbook.xml"), { open: (name, attributes) => name === "sheet" && order.push(attributes()["r:id"]) });
  return targets.get(order.find((id) => targets.has(id)));
}

/** @param {Uint8Array} data @returns {[number, string[]][]} [row from 1, its cells as text]; Unusable when it cannot be read */
export function rowsOf(data) {
  if (data.length > LARGEST) throw new Unusable(`workbook: at most ${LARGEST >> 20} MB`);
  if (data[0] !== 0x50 || data[1] !== 0x4b || data[2] !== 3 || data[3] !== 4) throw new Unusable("workbook: not an xlsx file");
  let size = 0;
  try {
    const files = unzipSync(data, {
      filter(file) {
        if ((size += file.originalSize) > UNPACKED) throw new Unusable(`workbook: more than ${UNPACKED >> 20} MB unpacked`);
        return WANTED.test(file.name);
      },
    });
    const parts = (name) => files[name] && strFromU8(files[name]);
    return cells(parts(firstSheet(parts)), strings(parts("xl/sharedStrings.xml")), dates(parts("xl/styles.xml")));
  } catch (error) {
    if (error instanceof Unusable) throw error;
    throw new Unusable(`workbook: cannot be read (${error.message ?? error})`);
  }
}
