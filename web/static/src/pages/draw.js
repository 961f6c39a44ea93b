/**
 * The draw page: a party's secret is made here, kept in this browser until revealed, and saved as a file on wish. What is
 * signed are typed texts (`gongheng/draw/1`) composed here from the draw's id, the frozen list and one's own value.
 */
import { b64, sha256hex } from "../crypto/index.js";
import { concat, hex, random } from "../crypto/bytes.js";
import { signRaw } from "../crypto/keys.js";
import { check, compose } from "../crypto/typed.js";
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { refresh } from "./live.js";
import { me } from "./net.js";
import { confirmAndUnlock } from "./sign.js";
import { t } from "./words.js";

const TEXT = "gongheng/draw/1";
const KEY = "gongheng-draw-";
const SECRET = /^[0-9a-f]{64}$/;

/** Kept per draw and party: two parties may use one machine after each other. */
const slot = (draw) => `${KEY}${draw.dataset.draw}-${draw.dataset.party}`;
const kept = (draw) => localStorage.getItem(slot(draw)) ?? "";
const bytesOf = (text) => Uint8Array.from(text.match(/../g), (pair) => Number.parseInt(pair, 16));

/** SHA-256 over the typed head and the secret, as certs/draws.py. */
const valueOf = ({ draw, party }, secret) => sha256hex(concat(compose(`${TEXT}/secret`, { party, draw }), bytesOf(secret)));

function save(draw) {
  const { draw: id, party } = draw.dataset;
  const text = JSON.stringify({ format: "gongheng/draw-secret/1", draw: id, party, secret: kept(draw) });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `draw-${id}-${party}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Shows per draw whether this browser holds the secret. */
function mark() {
  for (const draw of document.querySelectorAll("[data-draw]")) {
    const held = SECRET.test(kept(draw));
    for (const button of draw.querySelectorAll("[data-save-secret]")) button.hidden = !held;
    const missing = draw.querySelector("[data-missing]");
    if (missing) missing.hidden = held;
    const reveal = draw.querySelector('[data-draw-act="reveal"] .btn-primary');
    if (reveal) reveal.disabled = !held;
    if (draw.dataset.state === "DONE" || draw.dataset.state === "VOID") localStorage.removeItem(slot(draw));
  }
}

async function restore(draw, file) {
  const read = JSON.parse(await file.text());
  const { draw: id, party } = draw.dataset;
  if (read.draw !== id || read.party !== party || !SECRET.test(read.secret ?? "")) throw new Error(t("This file holds no secret of this draw."));
  localStorage.setItem(slot(draw), read.secret);
}

async function perform(draw, kind, say) {
  const { draw: id, party, case: subject, list, commitments } = draw.dataset;
  if (kind === "commit" && !SECRET.test(kept(draw))) localStorage.setItem(slot(draw), hex(random(32)));
  const secret = kept(draw);
  const value = kind === "commit" ? await valueOf({ draw: id, party }, secret) : secret;
  const bound = kind === "commit" ? { list: check("digest", list) } : { commitments: check("digest", commitments) };
  const fields = { act: kind, draw: check("word", id), ...bound, party, value };
  const text = compose(TEXT, fields);
  const person = await me();
  if (!person.certificate) throw new Error(t("You have no signing certificate yet. Make one on the page “My certificates”."));
  const title = kind === "commit" ? t("Commit to a secret") : t("Reveal the secret");
  const key = await confirmAndUnlock(person, { act: `draw.${kind}`, case: subject, object: await sha256hex(text) }, { title });
  if (!key) return false;
  say(t("Signing and sending…"));
  const signature = b64(await signRaw(key.privateKey, text));
  await act(`draw.${kind}`, { case: subject, payload: { draw: id, value, signature, once: crypto.randomUUID() } });
  return true;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.dataset.drawAct) return;
  event.preventDefault();
  const draw = form.closest("[data-draw]");
  const box = form.querySelector("[data-breaches]");
  const status = form.querySelector("[data-status]");
  clearError(box);
  form.setAttribute("aria-busy", "true");
  try {
    if (await perform(draw, form.dataset.drawAct, (words) => (status.textContent = words))) location.reload();
  } catch (error) {
    showError(box, error);
  } finally {
    status.textContent = "";
    form.removeAttribute("aria-busy");
    mark();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-save-secret]");
  if (button) save(button.closest("[data-draw]"));
});

document.addEventListener("change", async (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement)) return;
  if (field.matches("[data-quota]")) {
    const sum = [...document.querySelectorAll("[data-quota]")].reduce((all, one) => all + Number(one.value || 0), 0);
    document.querySelector("[data-quota-sum]").value = String(sum);
  }
  if (!field.matches("[data-secret-file]") || !field.files[0]) return;
  const box = field.closest("form").querySelector("[data-breaches]");
  clearError(box);
  try {
    await restore(field.closest("[data-draw]"), field.files[0]);
    mark();
  } catch (error) {
    showError(box, error);
  }
});

/** The other parties' steps: looked for every few seconds while a draw is open. */
async function look() {
  const open = document.querySelector('[data-draw][data-state="COMMITTING"], [data-draw][data-state="REVEALING"]');
  if (open && document.visibilityState === "visible" && !document.querySelector("form[aria-busy], dialog[open]")) await refresh();
  setTimeout(look, 4000);
}

document.addEventListener("gh:refreshed", mark);
mark();
setTimeout(look, 4000);
