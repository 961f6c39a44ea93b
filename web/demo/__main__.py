"""python -m web.demo [--case FILE] [--out DIR]: exit 0 only when the case's `expect` block is met exactly."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from core.faults import Fault, Unusable
from web.demo.play import CASES, Play, differences, read_case


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--case", type=Path, default=CASES / "four-sites.json")
    parser.add_argument("--out", type=Path, default=Path("var/demo"))
    given = parser.parse_args()
    say = sys.stdout.write
    try:
        file = read_case(given.case)
        started = time.monotonic()
        play = Play.begin(file, given.out.absolute())
        say(f"· world built in {time.monotonic() - started:.1f} s; server at {play.server.base}\n")
        try:
            summary = play.run()
        finally:
            play.server.stop()
            play.stage.close()
    except Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Fault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    for key in ("outcome", "winner", "benchmark", "price_scores", "totals", "ranking", "signatures_on_report"):
        say(f"  {key}: {summary[key]}\n")
    wrong = differences(file.get("expect", {}), summary)
    say(f"· {summary['entries']} ledger entries, {summary['seconds']} s; files in {given.out}\n")
    for line in wrong:
        sys.stderr.write(f"not as expected: {line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
