/** The audit: the check of integrity in words, live follow and "more" without losing one's place. */
import { clearError, el, showError } from "./breaches.js";
import { get } from "./net.js";
import { t } from "./words.js";

const audit = document.querySelector("[data-audit]");

// -- does it still hold -----------------------------------------------------------------------------------------------

async function check(button) {
  const shown = audit.querySelector("[data-integrity-result]");
  const box = audit.querySelector("[data-integrity-result] + [data-breaches]");
  clearError(box);
  shown.replaceChildren(el("p", t("Recomputing…"), "text-secondary mb-0"));
  button.disabled = true;
  try {
    const { result } = await get("/api/v1/ask/audit.integrity", { case: audit.dataset.audit });
    const head = result.holds ? el("p", t("It holds: nothing was changed, removed or put in between."), "text-success fw-bold mb-1") : el("p", `${t("It does not hold:")} ${result.fault}`, "text-danger fw-bold mb-1");
    const list = el("ul", undefined, "mb-0 ps-3");
    for (const one of result.streams) {
      const row = el("li", `${one.stream}: ${t("%(n)s entries, %(under)s of them under a checkpoint", { n: one.size, under: one.checkpoint })}`);
      row.append(el("div", one.root, "hash text-secondary"));
      list.append(row);
    }
    shown.replaceChildren(head, list);
  } catch (error) {
    shown.replaceChildren();
    showError(box, error);
  } finally {
    button.disabled = false;
  }
}

// -- more, and what is new --------------------------------------------------------------------------------------------

async function page(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(t("The server gave no answer."));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Lines of a fetched page that are not shown yet; marked when they are news. */
function append(fresh, news) {
  const list = document.getElementById("audit-lines");
  for (const line of fresh.querySelectorAll("#audit-lines > li")) {
    if (document.getElementById(line.id)) continue;
    const own = document.importNode(line, true);
    if (news) own.dataset.new = "";
    list.append(own);
  }
}

async function more(link) {
  const fresh = await page(link.href);
  append(fresh, false);
  const next = fresh.querySelector("[data-more]");
  link.dataset.here = link.href;
  link.href = next.href;
  link.hidden = next.hidden;
  document.querySelector("[data-follow]").textContent = fresh.querySelector("[data-follow]").textContent;
}

/** Only when the end of the list is shown: the newest page is asked for again. */
let busy = false;
async function follow() {
  const link = document.querySelector("[data-more]");
  if (!link.hidden || busy) return;
  busy = true;
  try {
    for (let address = link.dataset.here ?? location.href; ; ) {
      const fresh = await page(address);
      append(fresh, true);
      const next = fresh.querySelector("[data-more]");
      link.dataset.here = address;
      if (next.hidden) return;
      address = next.href;
    }
  } finally {
    busy = false;
  }
}

if (audit) {
  audit.addEventListener("click", (event) => {
    const button = event.target.closest("[data-integrity], [data-more]");
    if (!button) return;
    if ("integrity" in button.dataset) check(button);
    else {
      event.preventDefault();
      more(button).catch(() => location.assign(button.href));
    }
  });
  document.addEventListener("gh:live", () => follow().catch(() => undefined));
}
