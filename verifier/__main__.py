"""`python -m verifier PATH… [--trust FILE]`, for a machine that has nothing of the platform but this folder's rooms."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from verifier.commands import run_verify


def main() -> int:
    parser = argparse.ArgumentParser(prog="verifier", description="Check what the platform gave you.")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--trust", type=Path, help="trust file; default trust.json beside each path")
    given = parser.parse_args()
    outcome = run_verify(given.paths, given.trust)
    sys.stdout.write(outcome.text + "\n")
    return outcome.status


if __name__ == "__main__":
    sys.exit(main())
