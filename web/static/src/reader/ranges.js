/**
 * A stored PDF by ranges of its bytes: what a page needs is fetched when it is shown. A cut line is waited for, so that a
 * reader that stood open goes on by itself.
 */
import { PDFDataRangeTransport } from "pdfjs-dist/legacy/build/pdf.mjs";

const AGAIN = 1500;

export class Ranges extends PDFDataRangeTransport {
  /**
   * @param {string} url @param {number} size bytes of the file
   * @param {Uint8Array} index a revision that follows the file for this reader alone: its page tree in short branches
   * @param {(error: Error) => void} fail
   */
  constructor(url, size, index, fail) {
    super(size + index.length, null);
    Object.assign(this, { url, size, index, fail, stopped: new AbortController() });
  }

  async requestDataRange(begin, end) {
    const stored = Math.min(end, this.size);
    const bytes = new Uint8Array(end - begin);
    try {
      if (begin < stored) bytes.set(await this.fetched(begin, stored));
      if (end > this.size) bytes.set(this.index.subarray(Math.max(0, begin - this.size), end - this.size), Math.max(0, this.size - begin));
      if (!this.stopped.signal.aborted) this.onDataRange(begin, bytes);
    } catch (error) {
      if (!this.stopped.signal.aborted) this.fail(error);
    }
  }

  async fetched(begin, end) {
    for (;;) {
      const init = { headers: { Range: `bytes=${begin}-${end - 1}` }, credentials: "same-origin", signal: this.stopped.signal };
      const bytes = await fetch(this.url, init).then(part, (error) => {
        if (error.name === "AbortError") throw error;
      });
      if (bytes) return bytes;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }

  abort() {
    this.stopped.abort();
  }
}

/** The bytes asked for; an answer of another kind is an error, a line cut on the way is none. @param {Response} response */
async function part(response) {
  if (response.status !== 206) throw new Error(String(response.status));
  const buffer = await response.arrayBuffer().catch(() => undefined);
  return buffer && new Uint8Array(buffer);
}
