"""What is wrong with a page: what axe-core finds, whether it is wider than its window, errors as they come."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import ROOT

SCRIPT = (ROOT / "node_modules/axe-core/axe.min.js").read_text()
# Only what is wrong is worked out in full, and style sheets are not fetched anew: no rule in use asks for either.
RUN = """async (tags) => {
  const options = { resultTypes: ["violations"], preload: false, ...(tags.length ? { runOnly: tags } : {}) };
  const found = (await axe.run(document, options)).violations;
  return found.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
}"""
WIDER = "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")


def faults_of(page: Page, tags: tuple[str, ...] = WCAG) -> list[str]:
    """By the rules with `tags`, all rules without; the script is handed in past the page's own policy."""
    page.evaluate(SCRIPT)
    wide = page.evaluate(WIDER)
    return [*page.evaluate(RUN, tags), *([f"{wide} px wider than the window"] if wide else [])]


def check_axe(page: Page) -> None:
    found = faults_of(page, ())
    assert not found, f"{page.url}: {found}"


def listen(page: Page) -> list[str]:
    """Errors of scripts and of the content security policy, as they come."""
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors
