"""Write the next migration from the tables of all rooms; says so when nothing has changed.

Usage: .venv/bin/python scripts/make_migration.py "what changes"
       .venv/bin/python scripts/make_migration.py --initial     (before the first release: one migration made anew)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from alembic.autogenerate import compare_metadata  # noqa: E402
from alembic.migration import MigrationContext  # noqa: E402

from core.db import Base, open_engine  # noqa: E402
from core.migrate import FOLDER, revise, upgrade  # noqa: E402
from web import rooms  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("title", nargs="?", default="initial")
    parser.add_argument("--initial", action="store_true", help="drop the migrations written so far")
    given = parser.parse_args()
    rooms.modules()
    versions = FOLDER / "versions"
    versions.mkdir(exist_ok=True)
    if given.initial:
        for old in versions.glob("*.py"):
            old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/empty.db"
        upgrade(url)
        engine = open_engine(url)
        with engine.connect() as connection:
            differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        engine.dispose()
        if not differences:
            sys.stdout.write("nothing has changed\n")
            return 0
        number = f"{len(list(versions.glob('*.py'))) + 1:04}"
        made = revise(url, Base.metadata, number, given.title)
    sys.stdout.write(f"{made.relative_to(ROOT)}: {len(differences)} differences\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
