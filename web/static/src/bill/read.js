/**
 * The first sheet of an xlsx workbook as rows of text, as trading/bidding/workbook.py reads it: a price is read in the
 * bidder's own browser and nowhere else before the opening. Runs in a worker, where there is no DOM.
 *
 * fflate's synchronous half is used on purpose: its other half, like the spreadsheet libraries built on it, starts
 * workers from blobs, which the pages' content security policy forbids.
 */
import { strFromU8, unzipSync } from "fflate";
import { decode, Parser } from "saxen";
import { Unusable } from "../crypto/faults.js";
import { plain } from "./check.js";

const LARGEST = 16 << 20;
const UNPACKED = 48 << 20;
export const MOST_LINES = 5000;
const MOST_ROWS = 2 * MOST_LINES + 500;
const MOST_COLUMNS = 30;
const MOST_TEXT = 4000;
const MOST_WORDS = 4 << 20;
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const DIGITS = 15;
const LARGEST_POWER = 308;
const WHOLE = /^\d{1,7}$/;
const unusable = (why) => new Unusable(`workbook: ${why}`);

const bare = (name) => name.slice(name.indexOf(":") + 1);

/** Characters beyond U+FFFF, which the parser's own decoding cuts in half. @param {string} text */
const rare = (text) => text.replace(/&#(?:x([0-9a-f]{5,6})|(\d{5,7}));/gi, (all, hex, ten) => {
  const code = hex ? parseInt(hex, 16) : Number(ten);
  return code > 0xffff && code <= 0x10ffff ? String.fromCodePoint(code) : all;
});

/** Walks the elements of a part: `open(name, attribute getter)`, `text(words)`, `close(name)`, names without prefix. */
function walk(xml, { open, text, close }) {
  const parser = new Parser();
  parser.on("openTag", (name, attributes, _, closed) => {
    open?.(bare(name), attributes);
    if (closed) close?.(bare(name));
  });
  parser.on("closeTag", (name, _, closed) => closed || close?.(bare(name)));
  parser.on("text", (value) => text?.(decode(rare(value))));
  parser.on("cdata", (value) => text?.(value));
  parser.on("attention", (value) => {
    if (value.startsWith("<!DOCTYPE")) throw unusable("not an xlsx file");
  });
  parser.on("error", (error) => {
    throw error;
  });
  parser.parse(xml);
}

/** A number to the fifteen digits a workbook shows, half up, without exponent; as it stands when it is none. @param {string} text */
function plainNumber(text) {
  const [, sign, whole, fraction = "", power = "0"] = NUMBER.exec(text) ?? [];
  if (whole === undefined || !(whole + fraction)) return text;
  let digits = (whole + fraction).replace(/^0+/, "");
  let scale = Number(power) - fraction.length;
  if (!digits) return "0";
  if (digits.length > DIGITS) {
    scale += digits.length - DIGITS;
    digits = (BigInt(digits.slice(0, DIGITS)) + (digits[DIGITS] >= "5" ? 1n : 0n)).toString();
  }
  if (Math.abs(digits.length + scale) > LARGEST_POWER) return text;
  const value = { units: BigInt(digits + "0".repeat(Math.max(scale, 0))), places: Math.max(-scale, 0) };
  return (sign === "-" ? "-" : "") + plain(value);
}

/** Which cell styles show a date. @returns {boolean[]} by the number of the style */
function dates(xml) {
  const custom = new Map();
  const found = [];
  let within = false;
  if (!xml) return found;
  walk(xml, {
    open(name, attributes) {
      if (name === "numFmt") custom.set(attributes().numFmtId, decode(attributes().formatCode ?? ""));
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
function column(reference) {
  const [, letters] = /^([A-Z]{1,3})\d+$/.exec(reference) ?? [];
  if (!letters) throw unusable("cannot be read (a place of a cell)");
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);
}

function whole(text) {
  if (!WHOLE.test(text)) throw unusable("cannot be read (a number of a row)");
  return Number(text);
}

/** Characters as Python counts them. */
const points = (text) => [...text].length;

function textOf({ type, style, value }, shared, shows) {
  if (value === undefined || value === "") return "";
  if (type === "s") return WHOLE.test(value) ? (shared[Number(value)] ?? "") : "";
  if (type === "b") return value === "0" ? "FALSE" : "TRUE";
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
  let words = 0;
  const kept = () => {
    if (row > MOST_ROWS) throw unusable(`too many rows (> ${MOST_ROWS})`);
    const said = Array.from(line, (text) => text ?? "");
    if (said.some((text) => text.length > MOST_TEXT && points(text) > MOST_TEXT)) throw unusable(`a cell with too much text (> ${MOST_TEXT})`);
    words += said.reduce((sum, text) => sum + points(text), 0);
    if (words > MOST_WORDS) throw unusable("too much text");
    rows.push([row, said]);
  };
  walk(xml, {
    open(name, attributes) {
      if (name === "row") {
        const { r } = attributes();
        row = r === undefined ? row + 1 : whole(r);
        [line, at] = [[], 0];
      } else if (name === "c") {
        const { r, t, s } = attributes();
        at = r === undefined ? at + 1 : column(r);
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
      else if (name === "row" && line.some(Boolean)) kept();
    },
  });
  return rows;
}

/** {id: [kind, address]} of the parts a part names. @param {string | undefined} xml @param {string} folder @returns {Map<string, [string, string]>} */
function related(xml, folder) {
  const found = new Map();
  if (!xml) return found;
  walk(xml, {
    open(name, attributes) {
      const { Id = "", Target = "", Type = "" } = name === "Relationship" ? attributes() : {};
      if (name !== "Relationship" || found.has(Id)) return;
      const place = Target.startsWith("/") ? Target.slice(1) : folder ? `${folder}/${Target}` : Target;
      found.set(Id, [Type.slice(Type.lastIndexOf("/") + 1), place]);
    },
  });
  return found;
}

/** The first worksheet of the workbook's own list. The prefix of the id is whatever the program calls it. */
function firstSheet(xml, parts) {
  let found;
  walk(xml, {
    open(name, attributes) {
      if (name !== "sheet" || found) return;
      const [, id] = Object.entries(attributes()).find(([key]) => key.endsWith(":id")) ?? [];
      const [kind, place] = parts.get(id) ?? [];
      if (kind === "worksheet") found = place;
    },
  });
  if (!found) throw unusable("cannot be read (no sheet)");
  return found;
}

/** Parts by their address: each is unpacked when it is asked for. @param {Uint8Array} data */
function opened(data) {
  return (/** @type {string | undefined} */ name) => {
    if (!name) return undefined;
    const files = unzipSync(data, {
      filter(file) {
        if (file.name === name && file.originalSize > UNPACKED) throw unusable(`too large when unpacked (> ${UNPACKED >> 20} MB)`);
        return file.name === name;
      },
    });
    return files[name] && strFromU8(files[name]);
  };
}

/** @param {Uint8Array} data @returns {[number, string[]][]} [row from 1, its cells as text]; Unusable when it cannot be read */
export function rowsOf(data) {
  if (data.length > LARGEST) throw unusable(`too large (> ${LARGEST >> 20} MB)`);
  if (data[0] !== 0x50 || data[1] !== 0x4b || data[2] !== 3 || data[3] !== 4) throw unusable("not an xlsx file");
  try {
    const part = opened(data);
    const root = [...related(part("_rels/.rels"), "").values()];
    const book = root.find(([kind]) => kind === "officeDocument")?.[1] ?? "xl/workbook.xml";
    const cut = book.lastIndexOf("/");
    const folder = cut < 0 ? "" : book.slice(0, cut);
    const parts = related(part(`${folder}/_rels/${book.slice(cut + 1)}.rels`), folder);
    const of = new Map(parts.values());
    const sheet = firstSheet(part(book), parts);
    return cells(part(sheet), strings(part(of.get("sharedStrings"))), dates(part(of.get("styles"))));
  } catch (error) {
    if (error instanceof Unusable) throw error;
    throw unusable(`cannot be read (${error.message ?? error})`);
  }
}
