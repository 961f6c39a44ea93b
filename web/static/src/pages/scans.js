/** Scans of pages bound into one PDF, in the browser: each picture as it is, on a page of its own. */
import { PDFDocument, degrees } from "@cantoo/pdf-lib";

// P: what a browser holds in memory without trouble; more is bound with a program of one's own.
const LARGEST = 100 << 20;
const MOST = 200;
// A4 in points.
const [SHORT, LONG] = [595.28, 841.89];

class Refusal extends Error {
  constructor(message, facts) {
    super(message);
    this.facts = facts;
  }
}

/** Degrees a camera's note asks to turn a JPEG by (Exif tag 0x0112); 0 without one. @param {Uint8Array} bytes */
export function turn(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 10 < view.byteLength && view.getUint8(at) === 0xff) {
    if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return fromExif(view, at + 10);
    at += 2 + view.getUint16(at + 2);
  }
  return 0;
}

function fromExif(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const directory = start + view.getUint32(start + 4, little);
  if (directory + 2 > view.byteLength) return 0;
  for (let n = 0, entry = directory + 2; n < view.getUint16(directory, little) && entry + 12 <= view.byteLength; n++, entry += 12) {
    if (view.getUint16(entry, little) === 0x0112) return { 3: 180, 6: 90, 8: 270 }[view.getUint16(entry + 8, little)] ?? 0;
  }
  return 0;
}

/**
 * @param {File[]} files JPG or PNG, in the order of their names @param {(n: number, all: number) => void} say
 * @returns {Promise<Uint8Array>} a PDF of A4 pages
 */
export async function bindScans(files, say) {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > LARGEST || files.length > MOST) {
    throw new Refusal("Together the scans have %(size)s MB; at most %(most)s MB and %(pages)s pages are bound in a browser.", { size: (size / 1048576).toFixed(0), most: LARGEST >> 20, pages: MOST });
  }
  const pdf = await PDFDocument.create();
  const order = [...files].sort((a, b) => a.name.localeCompare(b.name, "zh", { numeric: true }));
  for (const [n, file] of order.entries()) {
    say(n + 1, order.length);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
    if (!jpeg && !(bytes[0] === 0x89 && bytes[1] === 0x50)) throw new Refusal("Only JPG and PNG scans can be bound: %(name)s", { name: file.name });
    let picture;
    try {
      picture = await (jpeg ? pdf.embedJpg(bytes) : pdf.embedPng(bytes));
    } catch {
      throw new Refusal("Only JPG and PNG scans can be bound: %(name)s", { name: file.name });
    }
    const [width, height] = picture.width > picture.height ? [LONG, SHORT] : [SHORT, LONG];
    const page = pdf.addPage([width, height]);
    const scale = Math.min(width / picture.width, height / picture.height);
    page.drawImage(picture, { x: (width - picture.width * scale) / 2, y: (height - picture.height * scale) / 2, width: picture.width * scale, height: picture.height * scale });
    page.setRotation(degrees(jpeg ? turn(bytes) : 0));
  }
  return pdf.save();
}
