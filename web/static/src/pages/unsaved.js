/**
 * A page with many forms is loaded anew after one of them was sent: what was typed into the others comes back. It lies in
 * this tab only, until that load; files and passwords never do.
 */
import { typing } from "./live.js";

const KEY = "gongheng-unsaved";
const FIELDS = "textarea, select, input:not([type=hidden], [type=file], [type=password])";

/** A form by what it does to what. */
const nameOf = (form) => JSON.stringify([form.dataset.act, form.dataset.case, ...[...form.querySelectorAll("input[type=hidden]")].map((field) => field.value)]);
const tick = (field) => field.type === "radio" || field.type === "checkbox";

/** @param {HTMLFormElement} sent the form whose act is done */
export function keepOthers(sent) {
  const others = [...document.querySelectorAll("form[data-act]")].filter((form) => form !== sent && typing(form));
  const forms = Object.fromEntries(
    others.map((form) => [nameOf(form), [...form.querySelectorAll(FIELDS)].map((field) => (tick(field) ? field.checked : field.value))]),
  );
  if (others.length) sessionStorage.setItem(KEY, JSON.stringify({ page: location.pathname, forms }));
}

function giveBack() {
  const { page, forms } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  sessionStorage.removeItem(KEY);
  if (page !== location.pathname) return;
  for (const form of document.querySelectorAll("form[data-act]")) {
    const values = forms[nameOf(form)] ?? [];
    [...form.querySelectorAll(FIELDS)].forEach((field, place) => {
      if (values[place] === undefined) return;
      if (tick(field)) field.checked = values[place];
      else field.value = values[place];
    });
  }
}

giveBack();
