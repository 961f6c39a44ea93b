/**
 * What is pressed before this page's own code has come is kept and done once it has: without it a form of ours would
 * be sent as an address, with whatever was typed in it. The page's modules run before DOMContentLoaded.
 */
const ours = (form) => form instanceof HTMLFormElement && !form.hasAttribute("method");
const kept = [];

const keepForm = (event) => {
  if (!ours(event.target)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  kept.push(() => event.target.requestSubmit(event.submitter));
};
const keepClick = (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[type=button]") : null;
  if (!button) return;
  event.stopImmediatePropagation(); // a module that came before the others must not do it too
  kept.push(() => button.click());
};

addEventListener("submit", keepForm, true);
addEventListener("click", keepClick, true);
addEventListener("DOMContentLoaded", () => {
  removeEventListener("submit", keepForm, true);
  removeEventListener("click", keepClick, true);
  for (const act of kept) act();
});
