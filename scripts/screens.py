"""Every page as a role sees it, desktop and phone, into docs/screens/; axe-core findings are printed.

Needs a running demo world (`make run`) and a Chromium: python scripts/screens.py http://127.0.0.1:8000 var
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "Gongheng-2026-demo"  # noqa: S105 - the demo world
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
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


def plan(known: dict[str, str], who: dict[str, str]) -> list[tuple[str, str, str]]:
    """(name, login, path); a page whose case is not in this world is left out."""
    rows = [
        ("portal", "", "/", ""), ("login", "", "/login", ""), ("register", "", "/register", ""),
        ("verify", "", "/verify", ""), ("case-public", "", "/cases/{}", "notified"),
        ("workbench-tenderer", "招标人", "/workbench", ""), ("workbench-bidder", "投标人", "/workbench", ""),
        ("workbench-expert", "评标专家(评分中)", "/workbench", ""), ("me", "投标人", "/me", ""),
        ("case-tenderer", "招标人", "/cases/{}", "evaluated"), ("project-new", "招标人", "/projects/new", ""),
        ("file-editor", "招标人", "/cases/{}/file", "drafting"), ("bid-desk", "投标人", "/cases/{}/bid", "announced"),
        ("hall-waiting", "投标人", "/cases/{}/hall", "sealed"), ("hall-opened", "", "/cases/{}/hall", "opened"),
        ("draws", "招标人", "/draws/{}", "drawn"), ("venues", "交易中心(主场)", "/venues", ""),
        ("room", "评标专家(评分中)", "/room/{}", "scoring"),
        ("room-watch", "行业监管", "/room/{}", "scoring"),
        ("invitations", "评标专家(待签到)", "/invitations", ""), ("pool", "交易中心(主场)", "/pool", ""),
        ("papers", "招标人", "/papers", ""), ("award-room", "定标委员(投票中)", "/award/{}", "voting"),
        ("audit", "行业监管", "/audit/{}", "notified"), ("watch-wall", "行业监管", "/watch", ""),
        ("filings", "交易中心(主场)", "/filings", ""),
    ]  # fmt: skip
    made = []
    for name, role, path, state in rows:
        if "{}" in path and state not in known:
            sys.stdout.write(f"{name}: no case in {state}\n")
            continue
        made.append((name, who.get(role, ""), path.format(known.get(state, ""))))
    return made


def shoot(browser: Browser, base: str, out: Path, size: str, rows: list[tuple[str, str, str]]) -> int:
    width, height = SIZES[size]
    contexts, faults = {}, 0
    for name, login, where in rows:
        if login not in contexts:
            contexts[login] = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
            if login:
                page = contexts[login].new_page()
                page.goto(f"{base}/login")
                page.fill("input[name=login]", login)
                page.fill("input[name=password]", PASSWORD)
                page.press("input[name=password]", "Enter")
                page.wait_for_load_state()
                page.close()
        page = contexts[login].new_page()
        page.on("pageerror", partial(script_error, name))
        answer = page.goto(base + where, wait_until="load")
        page.wait_for_load_state("networkidle")
        if answer is None or answer.status != 200:
            sys.stdout.write(f"{name} {where}: {answer.status if answer else '-'}\n")
            faults += 1
        page.evaluate(AXE)
        for one in page.evaluate("axe.run().then(r => r.violations)"):
            faults += 1
            targets = json.dumps([n["target"] for n in one["nodes"]][:3], ensure_ascii=False)
            sys.stdout.write(f"{size} {name}: {one['id']} ({one['impact']}) {targets}\n")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            sys.stdout.write(f"{size} {name}: {wide} px wider than the screen\n")
        path = out / f"{name}-{size}.png"
        page.screenshot(path=str(path), full_page=True)
        Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)
        page.close()
    return faults


def main() -> int:
    base, data = sys.argv[1].rstrip("/"), Path(sys.argv[2])
    out = Path(sys.argv[3]) if len(sys.argv) > 3 else ROOT / "docs" / "screens"
    out.mkdir(parents=True, exist_ok=True)
    rows = plan(cases(data), logins(data))
    with sync_playwright() as player:
        browser = player.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"],
        )
        faults = sum(shoot(browser, base, out, size, rows) for size in SIZES)
        browser.close()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
