/** The award room: counts in the picking form, ballots whose choice stays outside the signature, words for the minutes. */
import { act } from "./acts.js";
import { clearError, showError } from "./breaches.js";
import { refresh } from "./live.js";
import { t } from "./words.js";

function count() {
  for (const node of document.querySelectorAll("[data-count]")) node.textContent = String(document.querySelectorAll(`input[name="${node.dataset.count}"]:checked`).length);
}

document.addEventListener("change", count);
document.addEventListener("click", (event) => {
  const all = event.target instanceof Element && event.target.closest("[data-all]");
  if (!all) return;
  const boxes = [...document.querySelectorAll(`input[name="${all.dataset.all}"]`)];
  const on = boxes.some((box) => !box.checked);
  for (const box of boxes) box.checked = on;
  count();
});

/** What is on the ballot paper: [] for an abstention, [bid], or a ranking. @param {HTMLFormElement} form */
function choiceOf(form) {
  if (form.dataset.method !== "points") {
    const chosen = form.querySelector("input[name=choice]:checked");
    if (!chosen) throw new Error(t("Choose a candidate."));
    return chosen.value ? [chosen.value] : [];
  }
  const ranks = [...form.querySelectorAll("select")].filter((field) => field.value).map((field) => [Number(field.value), field.name]);
  ranks.sort((a, b) => a[0] - b[0]);
  if (ranks.some(([rank], i) => rank !== i + 1)) throw new Error(t("Give each rank once."));
  if (!ranks.length && form.dataset.abstain !== "allowed") throw new Error(t("Choose a candidate."));
  return ranks.map(([, bid]) => bid);
}

async function vote(form) {
  const payload = { round: Number(form.dataset.round), choice: choiceOf(form) };
  const title = `${t("Your ballot")} · ${t("Round %(no)s", { no: payload.round })}`;
  return act("award.vote", { case: form.dataset.case, payload, signed: true, secret: ["choice"], title });
}

async function say(form) {
  const field = form.elements.namedItem("text");
  const done = await act("award.say", { case: form.dataset.case, payload: { text: field.value.trim() } });
  field.value = "";
  return done;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !("ballot" in form.dataset || "say" in form.dataset)) return;
  event.preventDefault();
  const box = form.querySelector("[data-breaches]");
  const button = form.querySelector("button");
  clearError(box);
  button.disabled = true;
  try {
    const done = await ("ballot" in form.dataset ? vote(form) : say(form));
    if (done) document.activeElement?.blur();
    await refresh(undefined, { mine: true });
  } catch (error) {
    showError(box, error);
  } finally {
    button.disabled = false;
  }
});

/** The newest words are in sight. */
function showNewest() {
  const minutes = document.getElementById("award-minutes");
  minutes.scrollTop = minutes.scrollHeight;
}

document.addEventListener("gh:refreshed", showNewest);
showNewest();
count();
