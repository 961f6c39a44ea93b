"""Every page as a role sees it, desktop and phone, into docs/screens/; axe-core findings are printed.

Needs a running demo world (`make run`) and a Chromium: python scripts/screens.py http://127.0.0.1:8000 var [folder]
With `en` the English pages are checked, and drawn only when a folder is named; `=name` takes only that page.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "Gongheng-2026-demo"  # noqa: S105 - the demo world
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
TALLEST = 3600  # px of a picture that are kept: a longer page repeats its rows
# A bar that sticks to the window would lie across the picture of a whole page.
STILL = "document.querySelectorAll('.rm-talk').forEach((bar) => (bar.style.position = 'static'))"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}


def script_error(name: str, error: object) -> None:
    sys.stdout.write(f"{name}: script error {error}\n")


def logins(data: Path) -> dict[str, str]:
    """{role words: login} as `make run` prints them."""
    found: dict[str, str] = {}
    for line in (data / "demo-logins.txt").read_text().splitlines()[1:]:
        login, *_, words = line.split()
        found.setdefault(words, login)
    return found


def cases(data: Path) -> dict[str, str]:
    """{stage: case} of the seeded world."""
    found: dict[str, str] = json.loads((data / "demo-cases.json").read_text())
    return found


# (name, role, path, stage of the case). "{}" is the case; " > " goes on to the first link that begins so or that the
# selector finds, " ! " presses a key on what the selector finds; a name that ends in its number is a refusal and
# expects that status.
PUBLIC = (
    ("portal", "/", ""), ("portal-candidates", "/?tab=candidates", ""), ("portal-nothing", "/?q=nothing", ""),
    ("login", "/login", ""), ("register", "/register", ""), ("activate", "/activate", ""), ("verify", "/verify", ""),
    ("case-public", "/cases/{}", "notified"), ("case-failed", "/cases/{}", "failed"),
    ("hall-opened", "/cases/{}/hall", "opened"), ("hall-failed", "/cases/{}/hall", "failed"),
    ("result-public", "/cases/{}/result", "notified"), ("publicity", "/cases/{}/result", "publicity"),
    ("case-goods", "/cases/{}", "purchased"), ("result-goods", "/cases/{}/result", "purchased"),
    ("refusal-404", "/cases/none", ""),
)  # fmt: skip
MALL: dict[str, tuple[tuple[str, str, str], ...]] = {
    "": (
        ("mall", "/mall", ""), ("mall-search", "/mall?q=打印", ""), ("mall-nothing", "/mall?q=nothing", ""),
        ("mall-item", "/mall?q=打印 > /mall/items/", ""), ("mall-figures", "/mall/figures?year=2025", ""),
        ("mall-compare", "/mall/compare", ""),
        ("auctions", "/mall/auctions?tab=live", ""), ("auction", "/mall/auctions?tab=live > td a", ""),
        ("auction-log", "/mall/auctions?tab=live > td a > a[href$='/log']", ""),
        ("quotes", "/mall/quotes", ""), ("quote", "/mall/quotes > li a.fw-bold", ""),
        ("frameworks", "/frameworks", ""), ("framework", "/frameworks?q=办公用纸 > a:has(strong)", ""),
        ("framework-notice", "/frameworks?q=办公用纸 > a:has(strong) > a[href*='/notices/']", ""),
    ),
    "招标人": (
        ("buying", "/mall/buying", ""), ("purchase", "/mall/buying > td a", ""),
        ("budgets", "/mall/buying/budgets > td a", ""), ("chains", "/mall/buying/chains", ""),
        ("quote-new", "/mall/quotes/new", ""), ("auction-new", "/mall/auctions/new", ""),
        ("mall-item-buyer", "/mall?q=打印 > /mall/items/", ""), ("favourites", "/mall/shelves/seen", ""),
        ("orders", "/mall/orders", ""), ("order", "/mall/orders?tab=to_settle > td a", ""),
        ("statement", "/mall/orders/statement", ""), ("framework-new", "/frameworks/new", ""),
    ),
    "投标人": (
        ("supply", "/mall/supply", ""), ("supply-item", "/mall/supply > td a", ""),
        ("supply-new", "/mall/supply/items/new", ""), ("supply-import", "/mall/supply/import", ""),
        ("orders-supplier", "/mall/orders", ""), ("auction-closed", "/mall/auctions?tab=closed > td a", ""),
        ("quote-supplier", "/mall/quotes > li a.fw-bold", ""),
    ),
    "交易中心(主场)": (
        ("mall-desk", "/mall/review", ""), ("mall-suppliers", "/mall/review/suppliers", ""),
        ("mall-supplier", "/mall/review/suppliers > td a", ""), ("mall-templates", "/mall/review/templates", ""),
        ("patrol", "/mall/patrol", ""), ("patrol-item", "/mall/patrol > /mall/patrol/items/", ""),
        ("buying-rules", "/mall/buying/rules", ""), ("order-dispute", "/mall/orders?tab=disputed > td a", ""),
    ),
    "行业监管": (("buying-watch", "/mall/buying", ""), ("rules-watch", "/mall/buying/rules", "")),
}  # fmt: skip
# Looked at by axe like all others; a picture of each would only make the folder heavy.
UNDRAWN = {
    "mall-search", "mall-nothing", "mall-compare", "auction-log", "quotes", "framework-notice", "chains", "auction-new",
    "favourites", "orders-supplier", "framework-new", "supply-new", "supply-import", "auctions", "quote", "budgets",
    "mall-supplier", "mall-suppliers", "mall-templates", "patrol-item", "order-dispute", "buying-watch", "rules-watch",
    "mall-item",
}  # fmt: skip
PLAN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "": PUBLIC,
    "招标人": (
        ("workbench-tenderer", "/workbench", ""), ("case-planned", "/cases/{}", "planned"),
        ("case-drafting", "/cases/{}", "drafting"), ("case-announced", "/cases/{}", "announced"),
        ("case-tenderer", "/cases/{}", "evaluated"), ("case-notified", "/cases/{}", "notified"),
        ("case-again", "/cases/{}", "failed"), ("project-new", "/projects/new", ""),
        ("file-editor", "/cases/{}/file", "drafting"), ("file-closed", "/cases/{}/file", "announced"),
        ("reference", "/cases/{}/reference", "drafting"), ("draws", "/draws/{}", "drawn"),
        ("draws-ask", "/draws/{}", "opened"), ("venues-ask", "/venues/{}", "opened"),
        ("room-progress", "/room/{}", "scoring"), ("papers", "/papers", ""), ("paper", "/papers > /papers/", ""),
        ("award-convene", "/award/{}", "evaluated"), ("result-tenderer", "/cases/{}/result", "evaluated"),
        ("result-publicity", "/cases/{}/result", "publicity"), ("me-tenderer", "/me", ""),
        ("file-goods", "/cases/{}/file", "purchased"),
    ),
    "招标代理": (
        ("workbench-agency", "/workbench", ""), ("case-agency", "/cases/{}", "opened"),
        ("case-examining", "/cases/{}", "examining"), ("qualification", "/cases/{}/qualification", "examining"),
        ("method-templates-agency", "/method-templates", ""),
        ("method-template", "/method-templates > /method-templates?look=", ""),
    ),
    "投标人": (
        ("workbench-bidder", "/workbench", ""), ("case-bidder", "/cases/{}", "announced"),
        ("bid-desk", "/cases/{}/bid", "announced"), ("bid-desk-closed", "/cases/{}/bid", "sealed"),
        ("hall-waiting", "/cases/{}/hall", "sealed"), ("hall-bidder", "/cases/{}/hall", "opened"), ("me", "/me", ""),
        ("refusal-403", "/pool", ""), ("check", "/check", ""), ("rehearsal", "/rehearsal", ""),
        ("result-goods-bidder", "/cases/{}/result", "purchased"), ("questions", "/cases/{}/questions", "scoring"),
    ),
    "评标专家(评分中)": (
        ("workbench-expert", "/workbench", ""), ("room", "/room/{}", "scoring"),
        ("room-beside", "/room/{}?beside=file", "scoring"), ("room-aid", "/room/{}/aid", "scoring"),
        ("room-two-bids", "/room/{} ! select[data-beside] End", "scoring"), ("room-talk", "/room/{}/talk", "scoring"),
        ("invitations-expert", "/invitations", ""), ("papers-expert", "/papers", ""),
    ),
    "评标专家(待签到)": (("invitations", "/invitations", ""), ("room-door", "/room/{}", "drawn")),
    "定标委员(投票中)": (("workbench-elector", "/workbench", ""), ("award-room", "/award/{}", "voting")),
    "交易中心(主场)": (
        ("workbench-centre", "/workbench", ""), ("case-centre", "/cases/{}", "opened"), ("venues", "/venues", ""),
        ("venues-case", "/venues/{}", "scoring"), ("pool", "/pool?state=active&region=420112", ""),
        ("filings", "/filings", ""), ("hall-host", "/cases/{}/hall", "sealed"), ("draws-centre", "/draws/{}", "drawn"),
        ("room-venue", "/room/{}", "scoring"), ("record-templates", "/record-templates", ""),
        ("method-templates", "/method-templates", ""),
        ("cashier", "/bonds", ""), ("bonds", "/cases/{}/bonds", "opened"),
    ),
    "行业监管": (
        ("workbench-regulator", "/workbench", ""), ("watch-wall", "/watch", ""), ("audit", "/audit/{}", "notified"),
        ("replay", "/audit/{}/replay ! #slider End", "notified"), ("room-watch", "/room/{}", "scoring"),
        ("replay-goods", "/audit/{}/replay ! #slider End", "purchased"), ("room-signed", "/room/{}", "purchased"),
        ("recordings", "/room/{}/recordings", "purchased"),
        ("qualification-done", "/cases/{}/qualification", "purchased"),
        ("case-regulator", "/cases/{}", "opened"), ("draws-regulator", "/draws/{}", "drawn"),
        ("award-watch", "/award/{}", "voting"),
    ),
    "审计": (("workbench-auditor", "/workbench", ""), ("audit-auditor", "/audit/{}", "scoring")),
    "系统管理员": (("workbench-admin", "/workbench", ""), ("me-admin", "/me", "")),
}  # fmt: skip


def plan(known: dict[str, str], who: dict[str, str]) -> list[tuple[str, str, str]]:
    """(name, login, path); a page whose case is not in this world is left out."""
    made = []
    for role in {**PLAN, **MALL}:
        for name, path, state in (*PLAN.get(role, ()), *MALL.get(role, ())):
            if "{}" in path and state not in known:
                sys.stdout.write(f"{name}: no case in {state}\n")
                continue
            made.append((name, who[role] if role else "", path.replace("{}", known.get(state, ""))))
    return made


def enter(browser: Browser, base: str, login: str, size: str, language: str) -> BrowserContext:
    """A browser of this size and language, logged in when there is a login."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    context.set_default_timeout(180_000)  # a busy machine is not a fault
    context.add_cookies([{"name": "gh_language", "value": language, "url": base}])
    if login:
        page = context.new_page()
        page.goto(f"{base}/login")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state()
        page.close()
    return context


def settle(page: Page) -> None:
    with suppress(TimeoutError):  # a page with a PDF viewer in it does not always fall silent
        page.wait_for_load_state("networkidle", timeout=20_000)
    page.evaluate("document.fonts.ready")


def visit(page: Page, base: str, where: str) -> int:
    """Go there, on to the first link of each " > ", press the key behind " ! "; the status of the answer."""
    where, _, press = where.partition(" ! ")
    first, *further = where.split(" > ")
    answer = page.goto(base + first, wait_until="load")
    for one in further:
        found = page.locator("main").locator(f"a[href^='{one}']" if one.startswith("/") else one).first
        answer = page.goto(urljoin(page.url, str(found.get_attribute("href"))))
    settle(page)
    if press:
        page.press(*press.rsplit(" ", 1))
        settle(page)
    return answer.status if answer else 0


def judge(page: Page, size: str, name: str) -> int:
    """Faults of the page that stands: axe-core findings and what is wider than the screen."""
    faults = 0
    page.evaluate(AXE)
    for one in page.evaluate("axe.run().then(r => r.violations)"):
        faults += 1
        targets = json.dumps([n["target"] for n in one["nodes"]][:3], ensure_ascii=False)
        sys.stdout.write(f"{size} {name}: {one['id']} ({one['impact']}) {targets}\n")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 1:
        faults += 1
        sys.stdout.write(f"{size} {name}: {wide} px wider than the screen\n")
    return faults


def picture(page: Page, path: Path) -> None:
    page.evaluate(STILL)
    page.screenshot(path=str(path), full_page=True)
    image = Image.open(path).convert("RGB")
    image.crop((0, 0, image.width, min(image.height, TALLEST))).quantize(64).save(path, optimize=True)


def shoot(
    browser: Browser, base: str, out: Path | None, size: str, language: str, rows: list[tuple[str, str, str]]
) -> int:
    contexts: dict[str, BrowserContext] = {}
    faults = 0
    for name, login, where in rows:
        if login not in contexts:
            contexts[login] = enter(browser, base, login, size, language)
        page = contexts[login].new_page()
        page.on("pageerror", partial(script_error, name))
        status, wanted = visit(page, base, where), int(name[-3:]) if name[-3:].isdigit() else 200
        if status != wanted:
            sys.stdout.write(f"{name} {where}: {status}\n")
            faults += 1
        faults += judge(page, size, name)
        if out is not None and name not in UNDRAWN:
            picture(page, out / f"{name}-{size}.png")
        page.close()
    for context in contexts.values():
        context.close()
    return faults


def main() -> int:
    base, data = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    words = sys.argv[3:]
    language = "en" if "en" in words else "zh_CN"
    only = [one[1:] for one in words if one.startswith("=")]
    places = [one for one in words if one != "en" and not one.startswith("=")]
    out = Path(places[0]) if places else None if language == "en" else ROOT / "docs" / "screens"
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    rows = plan(cases(data), logins(data))
    if only:
        rows = [row for row in rows if row[0] in only]
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        faults = sum(shoot(browser, base, out, size, language, rows) for size in SIZES)
        browser.close()
    sys.stdout.write(f"{len(rows)} pages, {language}: {faults} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
