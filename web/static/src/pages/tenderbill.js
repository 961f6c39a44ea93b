/** The bill of quantities in the editor: a workbook is read by the server, its faults are shown by row, then it is saved. */
import { act } from "./acts.js";
import { clearError, el, showError } from "./breaches.js";
import { postFile } from "./net.js";
import { t } from "./words.js";

const card = document.querySelector("[data-tender-bill]");
const box = card?.querySelector("[data-breaches]");
const say = (text) => (card.querySelector("[data-bill-status]").textContent = text);
const state = (text, there) => {
  card.querySelector("[data-bill-state]").textContent = text;
  for (const part of card.querySelectorAll("[data-bill-there]")) part.hidden = !there;
};

function table(findings) {
  const list = el("ul", undefined, "mb-2 ps-3");
  for (const { line, text, required, found } of findings) {
    const item = el("li", `${line ? `${t("row %(line)s", { line })}: ` : ""}${text}`);
    const said = [required && `${t("Required")}: ${required}`, found && `${t("Found")}: ${found}`].filter(Boolean).join(" · ");
    if (said) item.append(el("div", said, "small text-secondary"));
    list.append(item);
  }
  return list;
}

async function take(file) {
  const { bill, sections, lines, findings, count } = await postFile(`/cases/${card.dataset.tenderBill}/file/bill`, file);
  const shown = card.querySelector("[data-bill-findings]");
  shown.replaceChildren();
  if (count) {
    say(t("The workbook cannot be taken as it is: %(n)s findings.", { n: count }));
    shown.append(table(findings));
    return;
  }
  await act("file.bill", { case: card.dataset.tenderBill, payload: { bill, name: file.name } });
  say(t("%(lines)s lines in %(sections)s sections were read and saved with the tender file.", { lines, sections }));
  state(file.name, true);
}

const WORK = {
  async read() {
    const [file] = card.querySelector("input[type=file]").files;
    if (!file) throw new Error(t("Choose a workbook (xlsx) first."));
    say(t("Reading the workbook…"));
    await take(file);
  },
  async drop() {
    await act("file.bill", { case: card.dataset.tenderBill, payload: { bill: null } });
    say(t("The bill of quantities was taken out of the tender file."));
    state("", false);
  },
};

card?.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-bill-do]");
  if (!button) return;
  clearError(box);
  button.disabled = true;
  try {
    await WORK[button.dataset.billDo]();
  } catch (error) {
    say("");
    showError(box, error);
  } finally {
    button.disabled = false;
  }
});
