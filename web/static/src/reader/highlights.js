/**
 * One's own highlights: kept on the server for this member and this file, drawn over the page in fractions of it, so that they
 * stand right at any zoom. Nobody else is told.
 */
import { RefusedError, post } from "../pages/net.js";
import { t } from "../pages/words.js";

const WHOLE = 10_000;
const MOST = 60;
const AGAIN = 1500;

/** Send until the server has answered; a refusal is an answer. @param {string} name @param {object} body */
async function deliver(name, body) {
  for (;;) {
    try {
      return (await post(`/api/v1/acts/${name}`, body)).result;
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

export class Highlights {
  /** @param {import("./reader.js").Reader} reader */
  constructor(reader) {
    this.reader = reader;
    this.rows = [];
  }

  act(name, payload) {
    return deliver(name, { case: this.reader.node.dataset.case, payload: { ...payload, once: crypto.randomUUID() }, proof: {} });
  }

  async load() {
    const { sha256 } = this.reader.file;
    if (!this.reader.node.dataset.keeps) return;
    const { result } = await this.reader.mine();
    if (sha256 !== this.reader.file.sha256) return;
    this.rows = result.highlights;
    this.all();
  }

  all() {
    for (const layer of this.reader.scroll.querySelectorAll(".rd-marks")) this.draw(Number(layer.closest(".page").dataset.pageNumber));
    for (const page of new Set(this.rows.map((row) => row.page))) this.draw(page);
    this.list();
  }

  /** @param {number} page */
  draw(page) {
    const view = this.reader.viewer.getPageView(page - 1);
    if (!view?.div.querySelector(".canvasWrapper")) return;
    view.div.querySelector(":scope > .rd-marks")?.remove();
    const mine = this.rows.filter((row) => row.page === page);
    if (!mine.length) return;
    const layer = Object.assign(document.createElement("div"), { className: "rd-marks", ariaHidden: "true" });
    for (const row of mine) {
      for (const [left, top, right, bottom] of row.rects) {
        const box = Object.assign(document.createElement("div"), { title: row.note });
        box.dataset.highlight = row.id;
        Object.assign(box.style, { left: `${left / 100}%`, top: `${top / 100}%`, width: `${(right - left) / 100}%`, height: `${(bottom - top) / 100}%` });
        layer.append(box);
      }
    }
    view.div.append(layer);
  }

  /** What is selected, a page at a time: [{page, rects, text}]. */
  selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return [];
    const range = selection.getRangeAt(0);
    const found = [];
    for (const page of this.reader.scroll.querySelectorAll(".page")) {
      if (!range.intersectsNode(page)) continue;
      const frame = page.getBoundingClientRect();
      const rects = lines(page, range)
        .map((one) => [one.left - frame.left, one.top - frame.top, one.right - frame.left, one.bottom - frame.top])
        .map(([left, top, right, bottom]) => [left / frame.width, top / frame.height, right / frame.width, bottom / frame.height].map((part) => Math.min(WHOLE, Math.max(0, Math.round(part * WHOLE)))))
        .filter(([left, top, right, bottom]) => right > left && bottom > top);
      if (rects.length) found.push({ page: Number(page.dataset.pageNumber), rects: rects.slice(0, MOST), text: selection.toString().replace(/[\u0000-\u001f]+/g, " ").trim().slice(0, 500) });
    }
    return found;
  }

  /** Highlight what is selected; with nothing selected, a note on the whole page. */
  async add() {
    const { bid, sha256 } = this.reader.file;
    const chosen = this.selected();
    const marks = chosen.length ? chosen : [{ page: this.reader.viewer.currentPageNumber, rects: [], text: "" }];
    this.reader.say(t("Saving…"));
    try {
      for (const one of marks) {
        const { id } = await this.act("highlight.save", { bid, sha256, ...one, note: "" });
        this.rows.push({ id, note: "", ...one });
      }
      getSelection().removeAllRanges();
      this.reader.say(t("Saved."));
      this.all();
      if (!chosen.length) this.write(this.rows.at(-1));
    } catch (error) {
      this.reader.say(error.message);
    }
  }

  /** A note is begun where the list has its field. */
  write(row) {
    if (this.reader.node.querySelector('[data-rd-panel="marks"]').hidden) this.reader.toggle("marks");
    this.reader.part("marks").querySelector(`[data-row="${row.id}"] input`).focus();
  }

  async note(row, field) {
    if (field.value.trim() === row.note) return;
    this.reader.say(t("Saving…"));
    try {
      const note = field.value.trim();
      await this.act("highlight.save", { bid: this.reader.file.bid, sha256: this.reader.file.sha256, page: row.page, rects: row.rects, text: row.text, id: row.id, note });
      row.note = note;
      this.reader.say(t("Saved."));
    } catch (error) {
      this.reader.say(error.message);
    }
  }

  async remove(row) {
    try {
      await this.act("highlight.remove", { id: row.id });
      this.rows = this.rows.filter((one) => one !== row);
      this.all();
      this.reader.say(t("Removed."));
      this.reader.node.querySelector('[data-rd-open="marks"]').focus();
    } catch (error) {
      this.reader.say(error.message);
    }
  }

  list() {
    const list = this.reader.part("marks");
    const rows = [...this.rows].sort((a, b) => a.page - b.page);
    list.replaceChildren(...rows.map((row) => this.line(row)));
    this.reader.part("no-marks").hidden = rows.length > 0;
    const count = this.reader.part("marks-count");
    count.textContent = rows.length ? String(rows.length) : "";
    const button = count.closest("button");
    button.ariaLabel = `${button.title} ${count.textContent}`.trim();
  }

  line(row) {
    const line = document.createElement("li");
    line.dataset.row = row.id;
    const go = Object.assign(document.createElement("button"), { type: "button", className: "rd-entry", textContent: `${t("Page %(n)s", { n: row.page })} ${row.text.slice(0, 60)}` });
    go.addEventListener("click", () => this.reader.go(row.page));
    const field = Object.assign(document.createElement("input"), { className: "form-control form-control-sm", value: row.note, maxLength: 500, placeholder: t("Note"), ariaLabel: t("Note on page %(n)s", { n: row.page }) });
    field.addEventListener("change", () => this.note(row, field));
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: t("Remove"), ariaLabel: t("Remove the highlight on page %(n)s", { n: row.page }) });
    away.addEventListener("click", () => this.remove(row));
    const foot = Object.assign(document.createElement("div"), { className: "rd-note" });
    foot.append(field, away);
    line.append(go, foot);
    return line;
  }
}

/** Boxes of the selected text on a page: of text alone, for a layer's own box would cover the page. */
function lines(page, range) {
  const found = [];
  const texts = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!range.intersectsNode(text) || !text.data.trim()) continue;
    const piece = document.createRange();
    piece.selectNodeContents(text);
    if (text === range.startContainer) piece.setStart(text, range.startOffset);
    if (text === range.endContainer) piece.setEnd(text, range.endOffset);
    if (!piece.collapsed) found.push(...piece.getClientRects());
  }
  return found;
}
