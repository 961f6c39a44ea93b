/**
 * One PDF to read: page box, zoom, find, bookmarks, one's own highlights. The template gives its parts by `data-rd-…`; the
 * choice of files names each by its address, digest and size. Only pages on the screen are drawn.
 */
import { t } from "../pages/words.js";
import { get } from "../pages/net.js";
import { Highlights } from "./highlights.js";

const KEPT = "gongheng-page-";
const library = () => import("./library.js");

export class Reader {
  /** @param {HTMLElement} node */
  constructor(node) {
    this.node = node;
    this.part = (name) => node.querySelector(`[data-rd-${name}]`);
    this.pages = this.part("page");
    this.scroll = this.part("scroll");
    this.choice = this.part("files");
    this.moved = new EventTarget();
    this.listen();
  }

  get file() {
    const chosen = this.choice.selectedOptions[0];
    return { url: chosen.value, sha256: chosen.dataset.sha, size: Number(chosen.dataset.size), bid: chosen.dataset.bid, name: chosen.textContent.trim() };
  }

  /** The page that is shown, as a finding names it. */
  get place() {
    const page = String(this.viewer?.currentPageNumber ?? 1);
    return this.choice.selectedIndex > 0 ? `${this.file.name} ${page}`.slice(-40) : page;
  }

  say(text) {
    this.part("status").textContent = text;
  }

  /** Open the chosen file at a page: the one asked for, else where this browser left it. @param {number} [wanted] */
  async open(wanted) {
    const asked = (this.asked = this.file.sha256);
    const page = wanted ?? (Number(sessionStorage.getItem(KEPT + asked)) || 1);
    this.say(t("Opening…"));
    const [pdf, index] = await Promise.all([library(), this.index(asked)]);
    if (asked !== this.asked) return;
    this.close();
    this.pdf = pdf;
    if (!this.viewer) this.make(pdf);
    this.range = new pdf.Ranges(this.file.url, this.file.size, index, () => this.say(t("This file cannot be fetched.")));
    this.task = pdf.documentOf(this.range);
    try {
      const shown = await this.task.promise;
      if (asked !== this.asked) return;
      this.show(shown, page);
    } catch (error) {
      if (asked === this.asked) this.say(t("This file cannot be read: %(why)s", { why: error.message }));
    }
  }

  /** The short page tree of a file, empty where it needs none; without it the file opens all the same, only slower. */
  async index(sha256) {
    const answer = this.choice.selectedOptions[0].dataset.index ? await fetch(this.choice.selectedOptions[0].dataset.index).catch(() => undefined) : undefined;
    return new Uint8Array(answer?.ok && sha256 ? await answer.arrayBuffer().catch(() => new ArrayBuffer(0)) : 0);
  }

  make(pdf) {
    Object.assign(this, pdf.viewerIn(this.scroll));
    this.highlights = new Highlights(this);
    this.eventBus.on("pagesinit", () => {
      this.viewer.currentScaleValue = "page-width";
      this.viewer.currentPageNumber = Math.min(this.wanted, this.viewer.pagesCount);
    });
    this.eventBus.on("pagechanging", ({ pageNumber }) => {
      this.pages.value = String(pageNumber);
      sessionStorage.setItem(KEPT + this.file.sha256, String(pageNumber));
      this.turned(pageNumber);
    });
    this.eventBus.on("pagerendered", ({ pageNumber }) => {
      if (pageNumber === this.viewer.currentPageNumber) this.node.dataset.shown = String(pageNumber);
      this.highlights.draw(pageNumber);
    });
    this.eventBus.on("updatefindmatchescount", ({ matchesCount }) => this.count(matchesCount));
    this.eventBus.on("updatefindcontrolstate", ({ state, matchesCount }) => {
      const pending = state === pdf.FindState.PENDING;
      if (pending) this.part("found").textContent = t("Searching…");
      else if (state === pdf.FindState.NOT_FOUND) this.part("found").textContent = t("Not found");
      else this.count(matchesCount);
    });
  }

  show(shown, page) {
    this.wanted = Math.max(1, page);
    this.viewer.setDocument(shown);
    this.linkService.setDocument(shown, null);
    this.findController.setDocument(shown);
    this.pages.max = String(shown.numPages);
    this.part("of").textContent = `/ ${shown.numPages}`;
    this.turned(this.wanted);
    this.say("");
    for (const control of this.node.querySelectorAll("[data-rd-needs]")) control.disabled = false;
    this.outline(shown);
    this.highlights.load();
    this.node.dataset.ready = "yes";
  }

  close() {
    delete this.node.dataset.shown;
    delete this.node.dataset.ready;
    this.range?.abort();
    this.task?.destroy();
    this.viewer?.setDocument(null);
    this.linkService?.setDocument(null);
  }

  turned(page) {
    this.part("prev").disabled = page <= 1;
    this.part("next").disabled = page >= Number(this.pages.max);
  }

  /** @param {number} page @param {string} [sha256] another file of this bid */
  async go(page, sha256) {
    const place = [...this.choice.options].findIndex((one) => one.dataset.sha === sha256);
    if (place >= 0 && place !== this.choice.selectedIndex) {
      this.choice.selectedIndex = place;
      await this.open(page);
    } else if (this.viewer?.pagesCount) this.viewer.currentPageNumber = Math.min(Math.max(1, page), this.viewer.pagesCount);
  }

  // -- find -----------------------------------------------------------------------------------------------------------

  find(again, findPrevious = false) {
    const query = this.part("query").value.trim();
    if (!query) this.part("found").textContent = "";
    this.eventBus?.dispatch("find", { source: this, type: again ? "again" : "", query, caseSensitive: false, entireWord: false, highlightAll: true, findPrevious, matchDiacritics: true });
  }

  count({ current, total }) {
    this.part("found").textContent = total ? t("%(n)s of %(all)s", { n: current, all: total }) : "";
  }

  // -- bookmarks ------------------------------------------------------------------------------------------------------

  /** The file's own outline as a list; whose target cannot be found is left out. */
  async outline(shown) {
    const list = this.part("outline");
    list.replaceChildren();
    const rows = [];
    const walk = (items, depth) => {
      for (const item of items ?? []) {
        rows.push([item, depth]);
        walk(item.items, depth + 1);
      }
    };
    walk(await shown.getOutline().catch(() => []), 0);
    for (const [item, depth] of rows.slice(0, 2000)) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "rd-entry", textContent: item.title });
      button.dataset.depth = String(Math.min(depth, 4));
      button.addEventListener("click", () => this.linkService.goToDestination(item.dest));
      const row = document.createElement("li");
      row.append(button);
      list.append(row);
    }
    this.part("no-outline").hidden = rows.length > 0;
  }

  // -- what a hand does -----------------------------------------------------------------------------------------------

  toggle(name) {
    for (const panel of this.node.querySelectorAll("[data-rd-panel]")) {
      const open = panel.dataset.rdPanel === name && panel.hidden;
      panel.hidden = !open;
      const button = this.node.querySelector(`[data-rd-open="${panel.dataset.rdPanel}"]`);
      button.setAttribute("aria-expanded", String(open));
      if (open) panel.querySelector("input, button, textarea")?.focus();
    }
  }

  listen() {
    const does = {
      prev: () => this.viewer.previousPage(),
      next: () => this.viewer.nextPage(),
      out: () => this.viewer.decreaseScale(),
      in: () => this.viewer.increaseScale(),
      fit: () => (this.viewer.currentScaleValue = "page-width"),
      "find-next": () => this.find(true),
      "find-prev": () => this.find(true, true),
      mark: () => this.highlights.add(),
    };
    // A reader of a blind part keeps no highlights and has no button for them.
    for (const [name, act] of Object.entries(does)) this.part(name)?.addEventListener("click", act);
    // The toolbar must not take the selection away from the page.
    this.part("mark")?.addEventListener("mousedown", (event) => event.preventDefault());
    for (const button of this.node.querySelectorAll("[data-rd-open]")) button.addEventListener("click", () => this.toggle(button.dataset.rdOpen));
    this.pages.addEventListener("change", () => this.go(Number.parseInt(this.pages.value, 10) || 1));
    this.choice.addEventListener("change", () => this.open());
    this.part("query").addEventListener("input", () => this.find(false));
    this.part("query").addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.find(true, event.shiftKey);
    });
    this.node.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === "f") {
        event.preventDefault();
        if (this.node.querySelector('[data-rd-panel="find"]').hidden) this.toggle("find");
      } else if (event.key === "Escape") this.toggle("");
    });
    this.scroll.addEventListener("scroll", () => this.moved.dispatchEvent(new Event("moved")));
  }

  mine() {
    return get("/api/v1/ask/highlight.mine", { case: this.node.dataset.case, sha256: this.file.sha256, bid: this.file.bid });
  }
}
