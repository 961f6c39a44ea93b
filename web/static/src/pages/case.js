/** The case page: its style, and acts that are opened by the address (#act-…). */
import "../css/trading.css";

function unfold() {
  const target = location.hash.startsWith("#act-") && document.getElementById(location.hash.slice(1));
  const fold = target && target.querySelector("details");
  if (fold) fold.open = true;
}

/** Where the tender stands is in sight, however long its line. */
function showHere() {
  const here = document.querySelector(".gh-line [aria-current=step]");
  if (here) here.parentElement.scrollLeft = (here.previousElementSibling ?? here).offsetLeft - here.parentElement.offsetLeft;
}

showHere();
document.addEventListener("gh:refreshed", showHere);
addEventListener("hashchange", unfold);
unfold();
