/** The page that checks a computer: a line a probe, one sentence over all, kept in this browser only. */
import "../css/check.css";
import { showError } from "./breaches.js";
import { beijing, serverNow } from "./clock.js";
import { camera, microphone } from "./devices.js";
import { me } from "./net.js";
import { inState, lineOf, listed, run, runSealing, show } from "./probelines.js";
import * as probes from "./probes.js";
import { confirmAndUnlock } from "./sign.js";
import { t } from "./words.js";

const desk = JSON.parse(document.getElementById("check").textContent);
const KEPT = "gh-check";
// What makes a computer fit or unfit for bidding.
const COUNTS = ["certificate", "key", "decryption", "seal", "storage", "socket", "upload"];
function sentence() {
  const broken = inState(COUNTS, "bad");
  const limited = [...inState(COUNTS, "weak"), ...inState(COUNTS, "skip")];
  if (broken.length) return ["bad", t("This computer is not ready: %(what)s.", { what: listed(broken) })];
  if (!desk.person) return ["skip", t("What can be tried without a login is in order. Log in to try certificate, key and line.")];
  if (limited.length) return ["weak", t("You can bid with this computer; mind: %(what)s.", { what: listed(limited) })];
  return ["good", t("This computer is ready for bidding.")];
}

function conclude() {
  const [state, text] = sentence();
  const box = document.getElementById("overall");
  box.dataset.state = state;
  box.querySelector("[data-sentence]").textContent = text;
  box.querySelector("[data-when]").textContent = t("Checked at %(at)s by the server's clock, with %(browser)s.", { at: beijing(serverNow()), browser: navigator.userAgent.match(/(?:Edg|Firefox|Chrome)\/\d+/g)?.pop()?.replace("/", " ") ?? navigator.userAgent });
  localStorage.setItem(KEPT, JSON.stringify({ at: beijing(serverNow()), text }));
}

async function checkAll() {
  const button = document.querySelector("[data-check-all]");
  button.disabled = true;
  await run("clock", () => probes.clock(desk.demo));
  if (desk.person) {
    await run("certificate", probes.certificate);
    await run("key", probes.signingKey);
    await run("decryption", () => probes.decryptionKey(desk.org, desk.key));
  }
  await runSealing();
  await run("socket", probes.socket);
  if (desk.person) {
    await run("upload", probes.upload);
    await run("download", probes.download);
  }
  conclude();
  button.disabled = false;
}

/** The signing key is opened as for a signature; nothing is signed for anybody. */
async function openKey(box) {
  try {
    const shown = { act: "environment.check", case: "-", object: "—" };
    if (await confirmAndUnlock(await me(), shown, { title: t("Open the signing key to try it") })) await run("key", probes.signingKey);
  } catch (error) {
    showError(box, error);
  }
  conclude();
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-check-all], [data-try]");
  if (!button) return;
  if ("checkAll" in button.dataset) checkAll();
  else if (button.dataset.try === "microphone") microphone(document.getElementById("level"), (found) => show("microphone", found));
  else if (button.dataset.try === "camera") camera(document.getElementById("picture"), (found) => show("camera", found));
  else if (button.dataset.try === "key") openKey(lineOf("key").querySelector("[data-breaches]"));
});
document.addEventListener("gh:key", () => run("decryption", () => probes.decryptionKey(desk.org, desk.key)).then(conclude));

const before = JSON.parse(localStorage.getItem(KEPT) ?? "null");
if (before) document.querySelector("[data-before]").textContent = t("Last time in this browser, %(at)s: %(text)s", before);
checkAll();
