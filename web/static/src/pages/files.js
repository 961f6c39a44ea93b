/** Files of the bid desk before they are sealed: look at one here, take it out, bind scans, take up what was handed in. */
import { openWithKey } from "../crypto/index.js";
import { el } from "./breaches.js";
import { megabytes } from "./desk.js";
import { heldKey } from "./openkey.js";
import { t } from "./words.js";

const VIEWED = /^(application\/pdf|image\/(png|jpeg|gif|webp)|text\/plain)$/;
const input = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const changed = (field) => field.dispatchEvent(new Event("input", { bubbles: true })) && field.dispatchEvent(new Event("change", { bubbles: true }));

/** Puts files into a field as if they had been chosen. @param {HTMLInputElement} field @param {File[]} files */
export function choose(field, files) {
  const held = new DataTransfer();
  for (const file of files) held.items.add(file);
  field.files = held.files;
  changed(field);
}

/** What lies in a field, beside it. @param {string} id */
export function about(id) {
  const files = [...input(id).files];
  const size = megabytes(files.reduce((sum, file) => sum + file.size, 0));
  document.querySelector(`[data-about="${id}"]`).textContent = files.length > 1 ? t("%(n)s files · %(size)s MB", { n: files.length, size }) : files.length ? t("%(name)s · %(size)s MB", { name: files[0].name, size }) : "";
  for (const button of document.querySelectorAll(`[data-view="${id}"], [data-remove-file="${id}"]`)) button.hidden = !files.length;
}

function save(url, name) {
  const link = el("a");
  [link.href, link.download] = [url, name];
  link.click();
}

/** Shows files from this computer; nothing is sent. */
function view(files) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("gh-viewer"));
  const body = dialog.querySelector("[data-view-body]");
  const urls = files.map((file) => URL.createObjectURL(file));
  dialog.querySelector("h2").textContent = files.map((file) => file.name).join(", ");
  body.replaceChildren(el("p", t("This file is looked at on your computer; it was not sent."), "gh-why px-3 pt-2"));
  files.forEach((file, at) => {
    if (VIEWED.test(file.type)) {
      const frame = el("iframe");
      [frame.src, frame.title] = [urls[at], file.name];
      body.append(frame);
    } else {
      body.append(el("p", `${file.name}: ${t("This browser cannot show this kind of file; it is saved instead.")}`, "px-3"));
      save(urls[at], file.name);
    }
  });
  dialog.addEventListener("close", () => urls.forEach((url) => URL.revokeObjectURL(url)), { once: true });
  dialog.showModal();
}

async function bind(id, files) {
  const say = (text) => (document.querySelector(`[data-about="${id}"]`).textContent = text);
  try {
    // Loaded by the few who need it: the library is larger than all other scripts of this page.
    const { bindScans } = await import("./scans.js");
    const pdf = await bindScans(files, (n, all) => say(t("Binding scan %(n)s of %(all)s…", { n, all })));
    choose(input(id), [new File([pdf], "scans.pdf", { type: "application/pdf" })]);
    say(`${t("%(n)s scans are bound into one PDF.", { n: files.length })} ${megabytes(pdf.length)} MB`);
  } catch (error) {
    say(t(error.message, error.facts));
  }
}

/** The parts of the version in force, opened with the key in this browser, back into the form. */
async function bringBack(desk, form) {
  const say = (text) => (form.querySelector("[data-brought]").textContent = text);
  const { bid, manifest } = desk.live;
  try {
    const key = await heldKey(desk.org, manifest.owner.key);
    if (!key) throw new Error("The decryption key is not in this browser: load the key file.");
    say(t("Fetching and opening my sealed version…"));
    const response = await fetch(`/cases/${desk.case}/bids/${bid}/sealed`, { credentials: "same-origin" });
    if (!response.ok) throw new Error("The sealed file could not be fetched.");
    await fill(desk, form, await openWithKey(manifest, key, await response.blob()));
    say(t("The files and figures of the version in force are in the form again."));
  } catch (error) {
    say(t(error.message));
  }
}

async function fill(desk, form, parts) {
  const by = new Map(parts.map((part) => [part.name, part]));
  const json = async (name) => (by.has(name) ? JSON.parse(await by.get(name).blob.text()) : undefined);
  const file = ({ name, media, blob }) => new File([blob], name, { type: media });
  const [sheet, said] = [await json("price.json"), (await json("contents.json")) ?? { parts: [] }];
  if (sheet) {
    const { price, duration_days: days, quality, manager } = sheet;
    for (const [name, text] of Object.entries({ price, duration_days: days, quality, manager_name: manager.name ?? "", manager_certificate: manager.certificate ?? "" })) form.elements.namedItem(name).value = text;
    for (const box of form.querySelectorAll("input[name=flags]")) box.checked = sheet.flags.includes(box.value);
    if (sheet.small && input("small-form")) [input("small-form").value, input("small-share").value] = [sheet.small.form, sheet.small.share ?? ""];
    for (const field of form.querySelectorAll("input[name=brand]")) field.value = sheet.brands?.[field.dataset.core] ?? "";
  }
  const places = new Map(said.parts.map((one) => [one.id, one.file]));
  const used = new Set(["price.json", "contents.json", "bill.json"]);
  const put = (id, name) => {
    if (!by.has(name) || !input(id)) return;
    used.add(name);
    choose(input(id), [file(by.get(name))]);
  };
  put("bid-pdf", "bid.pdf");
  put("bid-bill", "bill.xlsx");
  for (const { id } of desk.components) {
    const inside = form.querySelector(`input[name=inside][value="${id}"]`);
    if (inside) inside.checked = places.get(id) === "bid.pdf";
    if (places.get(id) !== "bid.pdf") put(`part-${id}`, places.get(id));
  }
  choose(input("bid-more"), parts.filter((part) => !used.has(part.name)).map(file));
}

/** @param {any} desk facts of the page @param {HTMLFormElement} form */
export function handleFiles(desk, form) {
  const scans = input("gh-scans");
  let wanted;
  for (const { dataset } of form.querySelectorAll("[data-tools]")) input(dataset.tools).addEventListener("change", () => about(dataset.tools));
  scans.addEventListener("change", async () => {
    const files = [...scans.files];
    scans.value = "";
    if (files.length) await bind(wanted, files);
  });
  form.addEventListener("click", (event) => {
    const { dataset } = (event.target instanceof Element && event.target.closest("button[type=button]")) || {};
    if (dataset?.view) view([...input(dataset.view).files]);
    else if (dataset?.removeFile) {
      choose(input(dataset.removeFile), []);
      input(dataset.removeFile).focus();
    } else if (dataset?.scans) {
      wanted = dataset.scans;
      scans.click();
    } else if (dataset && "allInside" in dataset) {
      for (const box of form.querySelectorAll("input[name=inside]")) box.checked = !input(`part-${box.value}`).files.length;
      changed(form.querySelector("input[name=inside]"));
    } else if (dataset && "bringBack" in dataset) bringBack(desk, form);
  });
}
