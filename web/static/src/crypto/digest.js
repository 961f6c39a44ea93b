/** A running SHA-256 in a thread of its own: hashing takes as long as all the rest of sealing, and a page must not freeze. */
import { Sha256 } from "./sha256.js";

// Blocks on their way to the other thread: enough to keep it busy, few enough to bound memory.
const AHEAD = 4;

/** Where no worker starts (Node, old browsers). */
class Here {
  #digest = new Sha256();
  update = async (block) => void this.#digest.update(block);
  digest = async () => this.#digest.digest();
  close() {}
}

class Elsewhere {
  #worker;
  #open = 0;
  #wake = () => undefined;
  #failed;

  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      this.#open--;
      this.#wake(data);
    };
    worker.onerror = () => {
      this.#failed = new Error("the hashing thread ended");
      this.#wake();
    };
  }

  #answer() {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #send(data, moved) {
    if (this.#failed) throw this.#failed;
    this.#open++;
    this.#worker.postMessage(data, moved);
  }

  async update(block) {
    while (this.#open >= AHEAD && !this.#failed) await this.#answer();
    this.#send(block, [block.buffer]);
  }

  async digest() {
    this.#send(null, []);
    let last;
    while (this.#open && !this.#failed) last = await this.#answer();
    if (this.#failed) throw this.#failed;
    return last;
  }

  close() {
    this.#worker.terminate();
  }
}

/** @returns {Promise<{update(block: Uint8Array): Promise<void>, digest(): Promise<string>, close(): void}>} `update` takes the block's memory away */
export async function running() {
  if (typeof Worker === "undefined") return new Here();
  // Bundled, this module lies in a chunk; from there and from its source the address is the same.
  const worker = new Worker(new URL("../crypto/hasher.js", import.meta.url), { type: "module" });
  const started = await new Promise((resolve) => {
    worker.onmessage = () => resolve(true);
    worker.onerror = () => resolve(false);
  });
  if (started) return new Elsewhere(worker);
  worker.terminate();
  return new Here();
}
