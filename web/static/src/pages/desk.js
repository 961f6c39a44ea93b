/**
 * The bid desk's files and their checks: what the tender file asks for, what is missing, what looks wrong. Everything is
 * read in this browser. What the tender file requires and what nobody could read stops the sealing; the rest is warned
 * of and may be confirmed, because judging an incomplete bid is the committee's part.
 */
import { dumps } from "../crypto/index.js";
import { compare } from "../bill/ask.js";
import { el } from "./breaches.js";
import { get, RefusedError } from "./net.js";
import { t } from "./words.js";

const PDF = "bid.pdf";
const ENDINGS = { pdf: ".pdf", xlsx: ".xlsx", zip: ".zip" };
const MEDIA = /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}$/;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const MAGIC = { pdf: "%PDF-", xlsx: "PK\u0003\u0004", zip: "PK\u0003\u0004", any: "" };
const TAIL = 1 << 16;
const SHOWN = 200;

const megabytes = (size) => (size / 1048576).toFixed(2);
const latin = async (blob) => new TextDecoder("latin1").decode(await blob.arrayBuffer());

/** @typedef {{text: string, at: string, required?: string, found?: string, line?: number}} Point what is said, and the field it leads to */

/** Whether a PDF can be read by whoever opens it, as far as its two ends tell. @returns {Promise<{warn?: string}>} */
async function pdfState(file) {
  const ends = (await latin(file.slice(0, 4096))) + (await latin(file.slice(Math.max(0, file.size - TAIL))));
  // Whether a password is asked for, or copying alone forbidden, its ends do not tell.
  if (/\/Encrypt\s/.test(ends)) return { warn: "This PDF is protected. Make sure that it opens without a password: nobody can read it otherwise." };
  return ends.includes("%%EOF") ? {} : { warn: "This PDF seems to be cut off at its end." };
}

const starts = async (file, format) => (await latin(file.slice(0, MAGIC[format].length))) === MAGIC[format];

/** A cell of a CSV file; what a spreadsheet would take for a formula is a text. */
const quoted = (cell) => `"${String(cell).replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

export class Desk {
  #facts;
  #form;
  #bill;
  #read = new WeakMap();
  #asked = "";

  /** @param {any} facts of the page @param {HTMLFormElement} form */
  constructor(facts, form) {
    [this.#facts, this.#form] = [facts, form];
  }

  field = (name) => this.#form.elements.namedItem(name);
  value = (name) => this.field(name)?.value.trim() ?? "";
  input = (id) => /** @type {HTMLInputElement | null} */ (document.getElementById(id));
  file = (id) => this.input(id)?.files[0];
  get price() {
    return this.value("price").replace(/[,，\s]/g, "");
  }
  get kind() {
    return this.#facts.live ? this.#form.querySelector("input[name=kind]:checked").value : "";
  }
  claims = (flag) => this.#form.querySelector(`input[name=flags][value="${CSS.escape(flag)}"]`)?.checked ?? false;
  /** What price.json declares of small firms inside this bid; nothing where it claims no such deduction. */
  small() {
    if (!this.claims("small_share")) return {};
    const [form, share] = [this.value("small_form"), this.value("small_share")];
    return { small: share === "" ? { form } : { form, share } };
  }
  inside = (id) => this.#form.querySelector(`input[name=inside][value="${CSS.escape(id)}"]`)?.checked ?? false;

  /** The name a component's file has inside the sealed bid. */
  nameOf({ name, format }, file) {
    return name + (ENDINGS[format] ?? /\.[^.]+$/.exec(file.name)?.[0] ?? "");
  }

  /** What the sealed bid says about itself; undefined where the tender file asks for nothing and nothing stands before it. */
  contents() {
    if (!this.#facts.components.length && !this.#facts.bill && !this.#facts.live) return undefined;
    const parts = this.#facts.components.flatMap((one) => {
      const file = this.file(`part-${one.id}`);
      return file ? [{ id: one.id, file: this.nameOf(one, file) }] : this.inside(one.id) ? [{ id: one.id, file: PDF }] : [];
    });
    return { schema: "bid-contents/1", kind: this.kind || "bid", note: this.value("note"), parts };
  }

  /** Everything that is sealed beside price.json. @returns {Promise<{name: string, media: string, blob: Blob}[]>} */
  async parts() {
    const plain = (name, file) => ({ name, media: MEDIA.test(file.type) ? file.type : "application/octet-stream", blob: file });
    const found = [{ name: PDF, media: "application/pdf", blob: this.file("bid-pdf") }];
    const json = (name, value) => found.push({ name, media: "application/json", blob: new Blob([dumps(value)]) });
    for (const one of this.#facts.components) {
      const file = this.file(`part-${one.id}`);
      if (file) found.push(plain(this.nameOf(one, file), file));
    }
    const bill = this.file("bid-bill");
    if (bill) {
      found.push({ name: "bill.xlsx", media: XLSX, blob: bill });
      // What this page could not read was warned of and confirmed; the workbook itself is what counts.
      const read = await this.#compared(bill).catch(() => undefined);
      if (read) json("bill.json", read.priced);
    }
    const said = this.contents();
    if (said) json("contents.json", said);
    return [...found, ...Array.from(this.field("more").files, (file) => plain(file.name, file))];
  }

  // -- the bill of quantities ----------------------------------------------------------------------------------------

  /** The tender's bill; after a line that was cut it is asked for again. */
  async #fetched() {
    try {
      return await get(`/cases/${this.#facts.case}/bill.json`);
    } catch (error) {
      this.#bill = undefined;
      throw error;
    }
  }

  /** What the workbook says and what differs; read once a file, compared anew when the price changes. */
  async #compared(file) {
    this.#bill ??= this.#fetched();
    const known = this.#read.get(file);
    if (known?.price === this.price) return known;
    const price = /^\d{1,12}(\.\d{1,6})?$/.test(this.price) ? this.price : "";
    const asked = { bill: await this.#bill, price, unit: this.#facts.unit };
    const answer = await compare(known ? { ...asked, priced: known.priced } : { ...asked, file });
    const found = { ...answer, price: this.price };
    this.#read.set(file, found);
    return found;
  }

  /** Shows what was found in the workbook beside its field. */
  async showBill() {
    const box = document.querySelector("[data-bill-findings]");
    const file = this.file("bid-bill");
    if (!box || !file) return box?.replaceChildren();
    box.replaceChildren(el("p", t("Reading the workbook…"), "gh-why mb-0"));
    try {
      const { priced, findings } = await this.#compared(file);
      if (this.file("bid-bill") === file) box.replaceChildren(...this.#billFacts(priced, findings));
    } catch (error) {
      const { text, found } = this.#unread(error);
      box.replaceChildren(el("p", `${text} ${found}`, "text-danger mb-0"));
    }
  }

  /** Why nothing was compared: the tender's bill did not come, or this page cannot read what others may. */
  #unread(error) {
    if (error instanceof RefusedError) return { text: t("The tender's bill could not be fetched, so the workbook was not compared."), found: error.message };
    const [, said, detail = ""] = /^(.+?)( \(.*\))?$/s.exec(error.message) ?? [];
    const words = this.#facts.unusable[said];
    return { text: t("This page could not read the workbook, so it was not compared; the platform reads it at the opening."), found: words ? t(words) + (/^ \([>\u4e00-\u9fff]/.test(detail) ? detail : "") : "" };
  }

  #billFacts(priced, findings) {
    const facts = { n: priced.lines.length, total: priced.total || "—", faults: findings.length };
    if (!findings.length) return [el("p", t("%(n)s lines read, total %(total)s. Nothing to find fault with.", facts), "text-success mb-0")];
    const save = el("a", t("Save all findings"), "btn btn-sm");
    const rows = findings.map((one) => [one.line || "", one.no, t(this.words(one.kind)), one.required, one.found]);
    const csv = [[t("Row in the sheet"), t("No."), t("Finding"), t("Required"), t("Found")], ...rows].map((row) => row.map(quoted).join(",")).join("\r\n");
    save.href = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv" }));
    save.download = "findings.csv";
    return [el("p", t("%(n)s lines read, total %(total)s: %(faults)s findings.", facts), "text-warning-emphasis mb-1"), this.#table(rows.slice(0, SHOWN)), this.#more(findings.length), save];
  }

  #more(all) {
    return all > SHOWN ? el("p", t("The first %(n)s of %(all)s findings are shown.", { n: SHOWN, all }), "gh-why mb-1") : el("span");
  }

  #table(rows) {
    const names = [t("Row in the sheet"), t("No."), t("Finding"), t("Required"), t("Found")];
    const table = el("table", undefined, "table table-sm gh-cards mb-1");
    const [top, head, body] = [el("thead"), el("tr"), el("tbody")];
    for (const name of names) head.append(Object.assign(el("th", name), { scope: "col" }));
    for (const row of rows) {
      const line = el("tr");
      row.forEach((cell, at) => {
        const node = el("td", String(cell) || "—", at === 2 ? "" : "num");
        node.dataset.label = names[at];
        line.append(node);
      });
      body.append(line);
    }
    top.append(head);
    table.append(top, body);
    const frame = el("div", undefined, "gh-findings");
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", t("Finding"));
    frame.append(table);
    return frame;
  }

  words = (kind) => this.#facts.findings[kind] ?? kind;

  // -- the review ----------------------------------------------------------------------------------------------------

  /** @returns {Promise<{stops: Point[], warnings: Point[]}>} */
  async review() {
    const points = { stops: [], warnings: [] };
    await this.#reviewPdf("bid-pdf", t("The bid PDF"), points);
    for (const one of this.#facts.components) await this.#reviewComponent(one, points);
    if (this.#facts.bill) await this.#reviewBill(points);
    this.#reviewSheet(points);
    return points;
  }

  async #reviewPdf(at, name, points) {
    const file = this.file(at);
    const stop = (text) => points.stops.push({ text: `${name}: ${t(text)}`, at });
    if (!file) return stop("Not attached.");
    if (!file.size) return stop("The file is empty.");
    if (!(await starts(file, "pdf"))) return stop("This is not a PDF file.");
    const state = await pdfState(file);
    if (state.warn) points.warnings.push({ text: `${name}: ${t(state.warn)}`, at });
  }

  async #reviewComponent(one, points) {
    const at = `part-${one.id}`;
    const file = this.file(at);
    const stop = (text, more) => points.stops.push({ text: `${one.name}: ${t(text)}`, at, ...more });
    if (!file) {
      if (one.required && !this.inside(one.id)) stop(one.format === "pdf" ? "Neither attached nor marked as standing in the bid PDF." : "Not attached.");
      return;
    }
    if (one.most_mb && file.size > one.most_mb * 1048576) stop("The file is larger than the tender file allows.", { required: `≤ ${one.most_mb} MB`, found: `${megabytes(file.size)} MB` });
    if (one.format === "pdf") await this.#reviewPdf(at, one.name, points);
    else if (!file.size) stop("The file is empty.");
    else if (!(await starts(file, one.format))) stop("The file is not of the format the tender file asks for.", { required: one.format, found: file.name });
  }

  async #reviewBill(points) {
    const at = "bid-bill";
    const file = this.file(at);
    const name = t("Priced bill of quantities");
    const stop = (text) => points.stops.push({ text: `${name}: ${t(text)}`, at });
    if (!file) return stop("Not attached.");
    if (!(await starts(file, "xlsx"))) return stop("This is not a workbook (xlsx).");
    try {
      const { findings } = await this.#compared(file);
      for (const { line, no, kind, required, found } of findings) points.warnings.push({ text: `${name}${no && ` ${t("No.")} ${no}`}: ${t(this.words(kind))}`, at, required, found, line });
    } catch (error) {
      const { text, found } = this.#unread(error);
      points.warnings.push({ text: `${name}: ${text}`, at, found });
    }
  }

  #reviewSheet(points) {
    for (const name of ["price", "duration_days", "quality", "manager_name", "manager_certificate"]) {
      if (!this.value(name)) points.stops.push({ text: `${this.field(name).labels[0].textContent.trim()}: ${t("Fill in this field.")}`, at: this.field(name).id });
    }
    for (const field of document.querySelectorAll("form[data-bid] input[name=brand]")) {
      if (!field.value.trim()) points.stops.push({ text: `${field.labels[0].textContent.trim()}: ${t("Fill in this field.")}`, at: field.id });
    }
    this.#reviewSmall(points);
    const price = { text: `${t("Total price")}: `, at: this.field("price").id };
    if (this.price && !/^\d{1,12}(\.\d{1,6})?$/.test(this.price)) points.stops.push({ ...price, text: price.text + t("The price must be a number.") });
    else if (this.#facts.ceiling && Number(this.price) > Number(this.#facts.ceiling)) points.warnings.push({ ...price, text: price.text + t("The price is above the ceiling: such a bid is rejected."), required: `≤ ${this.#facts.ceiling}`, found: this.price });
    const [days, at] = [this.value("duration_days"), this.field("duration_days").id];
    if (days && !/^[1-9]\d{0,4}$/.test(days)) points.stops.push({ text: t("The duration must be a number of days."), at });
    else if (Number(days) > this.#facts.duration_days) points.warnings.push({ text: t("The duration is longer than the tender's."), at, required: `≤ ${this.#facts.duration_days}`, found: days });
    if (this.kind === "supplement" && !this.value("note")) points.stops.push({ text: t("Write what is supplemented."), at: "bid-note" });
  }

  /** A declaration that could not count is no fault of the bid, but of this form. */
  #reviewSmall(points) {
    const field = this.field("small_share");
    if (!field) return;
    const share = field.value.trim();
    const stop = (text) => points.stops.push({ text: `${field.labels[0].textContent.trim()}: ${t(text)}`, at: field.id });
    if (!this.claims("small_share")) return share === "" ? undefined : stop("A share is written, but its deduction is not ticked.");
    if (this.claims("small_firm")) stop("A small firm claims its own deduction; it is not claimed beside that for a share.");
    if (this.value("small_form") === "all_small") return share === "" ? undefined : stop("Where all members are small firms no share is written.");
    if (!/^\d{1,2}(\.\d{1,6})?$/.test(share) || Number(share) <= 0) stop("The share is a percentage above 0 and below 100.");
  }

  /** Reviews, shows the one list and says whether the bid may be sealed. @returns {Promise<string>} why not, "" when it may */
  async mayBeSealed() {
    const points = await this.review();
    this.#show(points);
    if (points.stops.length) return t("The bid cannot be sealed yet: %(n)s points, listed under “Check before sealing”.", { n: points.stops.length });
    return points.warnings.length && !this.field("confirmed").checked ? t("Read the warnings under “Check before sealing” and confirm them.") : "";
  }

  #show({ stops, warnings }) {
    const box = document.querySelector("[data-review-list]");
    const list = (title, points, tone) => {
      const items = el("ul", undefined, "mb-2 ps-3");
      for (const point of points.slice(0, SHOWN)) items.append(this.#item(point));
      return [el("p", title, `fw-bold mb-1 ${tone}`), items, this.#more(points.length)];
    };
    box.replaceChildren(
      ...(stops.length ? list(t("Missing or unusable: the bid cannot be sealed"), stops, "text-danger") : []),
      ...(warnings.length ? list(t("Warnings: the bid may be handed in, the committee will see the same"), warnings, "text-warning-emphasis") : []),
      ...(stops.length + warnings.length ? [] : [el("p", t("The bid is complete and in form. Nothing was found."), "text-success mb-0")]),
    );
    document.querySelector("[data-review-confirm]").hidden = !warnings.length;
    // A confirmation speaks for what was read, not for what came after it.
    const asked = JSON.stringify(warnings);
    if (asked !== this.#asked) this.field("confirmed").checked = false;
    this.#asked = asked;
  }

  #item({ text, at, required, found, line }) {
    const item = el("li");
    const link = el("a", text);
    link.href = `#${at}`;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.input(at)?.scrollIntoView({ block: "center" });
      this.input(at)?.focus();
    });
    item.append(link);
    const said = [line && t("row %(line)s", { line }), required && `${t("Required")}: ${required}`, found && `${t("Found")}: ${found}`].filter(Boolean);
    if (said.length) item.append(el("div", said.join(" · "), "small text-secondary"));
    return item;
  }
}

export { megabytes };
