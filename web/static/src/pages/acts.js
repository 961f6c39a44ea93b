/**
 * Acts from forms. A form says everything in attributes:
 *   data-act      name of the act              data-case    the case, "" where there is none
 *   data-signed   the act needs the certificate  data-secret  payload keys outside the signature, by blanks
 *   data-title    what the dialog calls it     data-next    where to go after (`{key}` from the result); none = reload
 * Fields: name="a.b" nests; data-kind="int|bool|json|list|date" reads them; data-omit="empty" leaves empty ones out.
 * A file field (data-kind="file") is uploaded first and stands in the payload by its SHA-256, several as a list.
 */
import { sha256hex } from "../crypto/index.js";
import { clearError, showError } from "./breaches.js";
import { refresh } from "./live.js";
import { post } from "./net.js";
import { prove } from "./sign.js";
import { upload } from "./tus.js";
import { keepOthers } from "./unsaved.js";
import { t } from "./words.js";

/**
 * Do an act; undefined when the person did not confirm the signature.
 * @param {string} name
 * @param {{case?: string, payload?: Record<string, unknown>, signed?: boolean, secret?: string[], title?: string,
 *          documents?: {name: string, sha256: string}[]}} what
 */
export async function act(name, what = {}) {
  const body = { case: what.case ?? "", payload: what.payload ?? {}, proof: {} };
  if (what.signed) {
    const proof = await prove({ ...what, act: name, case: body.case, payload: body.payload });
    if (!proof) return undefined;
    body.proof = proof;
  }
  const answer = await post(`/api/v1/acts/${name}`, body);
  return answer.result;
}

function put(target, path, value) {
  const steps = path.split(".");
  const last = steps.pop();
  let here = target;
  for (const step of steps) here = here[step] ??= {};
  here[last] = value;
}

function valueOf(field) {
  const text = field.value.trim();
  switch (field.dataset.kind) {
    case "int":
      return text === "" ? null : Number.parseInt(text, 10);
    case "bool":
      return field.type === "checkbox" ? field.checked : text === "true";
    case "json":
      return text === "" ? null : JSON.parse(text);
    case "list":
      return text.split(/[\s,，、;；]+/).filter(Boolean);
    default:
      return text;
  }
}

/** Whether a field takes part, and its value; several boxes of one name make a list. */
function collect(form) {
  const payload = {};
  const lists = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || field.type === "submit" || field.dataset.kind === "file" || field.name === "csrf") continue;
    if (field.type === "radio" && !field.checked) continue;
    if (field.type === "checkbox" && field.dataset.kind !== "bool") {
      lists[field.name] ??= [];
      if (field.checked) lists[field.name].push(field.value);
      continue;
    }
    const value = valueOf(field);
    if (field.dataset.omit === "empty" && (value === "" || value === null)) continue;
    put(payload, field.name, value);
  }
  for (const [name, values] of Object.entries(lists)) put(payload, name, values);
  return payload;
}

/** Upload the form's files; each is hashed here first, so that the server cannot swap it. */
async function files(form, payload, say) {
  const documents = [];
  for (const field of form.querySelectorAll("input[type=file][data-kind=file]")) {
    const digests = [];
    for (const file of field.files) {
      say(t("Hashing %(name)s…", { name: file.name }));
      const own = await sha256hex(new Uint8Array(await file.arrayBuffer()));
      const stored = await upload(file, (sent, total) => say(t("Uploading %(name)s: %(part)s %", { name: file.name, part: Math.floor((100 * sent) / (total || 1)) })), { name: file.name });
      if (stored.sha256 !== own) throw new Error(t("The server stored other bytes than this file."));
      digests.push(own);
      documents.push({ name: file.name, sha256: own });
    }
    if (digests.length) put(payload, field.name, field.multiple ? digests : digests[0]);
  }
  return documents;
}

/** What was sent is the server's now, and no longer holds back what comes from there. @param {HTMLFormElement} form */
function settled(form) {
  for (const field of form.querySelectorAll("textarea, input:not([type=file])")) {
    field.defaultValue = field.value;
    field.defaultChecked = field.checked;
  }
  if (form.contains(document.activeElement)) document.activeElement.blur();
  form.removeAttribute("aria-busy");
}

function go(form, result) {
  const next = form.dataset.next;
  if (next === "stay") {
    settled(form);
    refresh();
    return;
  }
  keepOthers(form);
  if (next) location.assign(next.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(result?.[name] ?? "")));
  else location.reload();
}

/** @param {HTMLFormElement} form */
async function submit(form) {
  const box = form.querySelector("[data-breaches]");
  const status = form.querySelector("[data-status]");
  const say = (text) => status && (status.textContent = text);
  const buttons = [...form.querySelectorAll("button")];
  clearError(box);
  buttons.forEach((button) => (button.disabled = true));
  form.setAttribute("aria-busy", "true");
  try {
    const payload = collect(form);
    const documents = await files(form, payload, say);
    const { case: subject = "", secret = "", title } = form.dataset;
    const what = { case: subject, payload, signed: "signed" in form.dataset, secret: secret.split(" ").filter(Boolean), title, documents };
    const result = await act(form.dataset.act, what);
    if (result === undefined) return;
    form.dispatchEvent(new CustomEvent("gh:done", { bubbles: true, detail: result }));
    go(form, result);
  } catch (error) {
    showError(box, error);
  } finally {
    say("");
    form.removeAttribute("aria-busy");
    buttons.forEach((button) => (button.disabled = button.hasAttribute("data-closed")));
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.act) return;
  event.preventDefault();
  submit(form);
});
