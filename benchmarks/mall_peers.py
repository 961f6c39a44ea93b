"""What the mall's search is measured against: SQLite's FTS5 and PostgreSQL's pg_trgm, used as they are usually written.

Both hold the same goods in a plain table with the usual indexes and a table of regions, and answer a page with one
statement for the hits, one for their number and one for each kind of choice.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from core.faults import Unusable
from trading.mall.search_terms import BANDS, above

LIMIT = 24
COLUMNS = ("n", "name", "brand", "model", "specs", "category", "supplier", "price", "sold", "listed", "stock", "energy",
           "environment", "agreement")  # fmt: skip
KINDS = ("substr(g.category, 1, 5)", "g.brand", "g.supplier", "band", "g.energy", "g.environment", "g.agreement = ''",
         "g.stock > 0")  # fmt: skip
ORDERS = {"cheap": "g.price, g.n", "dear": "g.price DESC, g.n", "sold": "g.sold DESC, g.n", "new": "g.listed DESC, g.n"}
INDEXES = ("brand", "supplier", "category", "price", "sold", "listed")


def plain(number: int, row: dict[str, Any]) -> tuple[Any, ...]:
    """A row of mall_item as the peers keep it."""
    return (
        number, row["name"], row["brand"], row["model"], " ".join(row["specs"].values()), row["category"],
        row["supplier_org"], int(row["price"] * 100), row["sold"], int(row["listed_at"].timestamp()), row["stock"],
        int("energy" in row["marks"]), int("environment" in row["marks"]), row["agreement_id"],
    )  # fmt: skip


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def facets(asked: dict[str, Any]) -> list[str]:
    """The chosen facets as conditions on goods g."""
    found = []
    if "category" in asked:
        found.append(f"g.category LIKE '{asked['category'].rstrip('0')}%'")
    if "brands" in asked:
        found.append(f"g.brand IN ({', '.join(map(_quoted, asked['brands']))})")
    if "region" in asked:
        code = asked["region"]
        near = ", ".join(map(_quoted, above(code)))
        inside = f"r.region LIKE '{code.rstrip('0')}%'"
        found.append(f"EXISTS (SELECT 1 FROM goods_region r WHERE r.n = g.n AND (r.region IN ({near}) OR {inside}))")
    if "bands" in asked:
        at = asked["bands"][0]
        found.append(
            f"g.price >= {BANDS[at] * 100}" + (f" AND g.price < {BANDS[at + 1] * 100}" if BANDS[at + 1 :] else "")
        )
    found += [f"g.{mark} = 1" for mark in asked.get("marks", ())]
    if "way" in asked:
        found.append("g.agreement = ''" if asked["way"] == "market" else "g.agreement <> ''")
    return [*found, "g.stock > 0"] if asked.get("stock") else found


def statements(source: str, where: Iterable[str], order: str) -> list[str]:
    """The page: hits, their number, the choices beside them."""
    body = f"FROM {source} WHERE {' AND '.join(where)}"
    band = (
        "CASE " + " ".join(f"WHEN g.price < {top * 100} THEN {at}" for at, top in enumerate(BANDS[1:])) + " ELSE 6 END"
    )
    kinds = [band if kind == "band" else kind for kind in KINDS]
    return [
        f"SELECT g.n, g.name, g.price {body} ORDER BY {order} LIMIT {LIMIT}", f"SELECT count(*) {body}",
        *(f"SELECT {kind} AS kind, count(*) {body} GROUP BY 1 ORDER BY 2 DESC LIMIT 12" for kind in kinds),
    ]  # fmt: skip


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


class Fts5:
    """Words of three characters and more by MATCH, shorter ones by LIKE: the trigram index does not know them."""

    name = "SQLite FTS5 (trigram), WHERE, GROUP BY"

    def __init__(self, folder: Path, rows: Iterable[tuple[Any, ...]], regions: Iterable[tuple[int, str]]) -> None:
        self.db = sqlite3.connect(folder / "fts5.db")
        self.db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; "
                              "PRAGMA mmap_size=2147418112;")  # fmt: skip
        self.db.execute(f"CREATE TABLE goods ({', '.join(COLUMNS).replace('n,', 'n INTEGER PRIMARY KEY,', 1)})")
        self.db.execute("CREATE TABLE goods_region (n INTEGER, region TEXT, PRIMARY KEY (n, region)) WITHOUT ROWID")
        self.db.execute("CREATE VIRTUAL TABLE words USING fts5(name, brand, model, specs, content='goods', "
                        "content_rowid='n', tokenize='trigram')")  # fmt: skip
        self.db.executemany(f"INSERT INTO goods VALUES ({', '.join('?' * len(COLUMNS))})", rows)
        self.db.executemany("INSERT OR IGNORE INTO goods_region VALUES (?, ?)", regions)
        self.db.execute("INSERT INTO words(words) VALUES ('rebuild')")
        for column in INDEXES:
            self.db.execute(f"CREATE INDEX goods_{column} ON goods ({column})")
        self.db.commit()
        self.db.execute("ANALYZE")

    def ask(self, asked: dict[str, Any]) -> float:
        words = asked["text"].split()
        long, short = [one for one in words if len(one) > 2], [one for one in words if len(one) <= 2]
        where = facets(asked)
        source = "goods g"
        if long:
            source = "words JOIN goods g ON g.n = words.rowid"
            where.append("words MATCH " + _quoted(" AND ".join(f'"{one}"' for one in long)))
        where += [f"(g.name || ' ' || g.specs) LIKE {_quoted(f'%{one}%')}" for one in short]
        order = ORDERS.get(asked["order"], "rank, g.sold DESC" if long else ORDERS["sold"])
        page = statements(source, where, order)
        return timed(lambda: [self.db.execute(one).fetchall() for one in page])

    def close(self) -> None:
        self.db.close()


def _binaries() -> Path:
    """A PostgreSQL of this machine that brings pg_trgm; Unusable where there is none."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (Path("/usr/share/postgresql") / folder.parent.name / "extension" / "pg_trgm.control").exists():
            return folder
    raise Unusable("postgresql: no server with pg_trgm here (Debian: postgresql and postgresql-contrib)")


class Trgm:
    """A server of its own in a folder of its own, asked through one psql that stays open."""

    name = "PostgreSQL pg_trgm (GIN), WHERE, GROUP BY"

    def __init__(self, rows: Iterable[tuple[Any, ...]], regions: Iterable[tuple[int, str]]) -> None:
        self.bin, self.folder = _binaries(), Path(tempfile.mkdtemp(prefix="trgm-"))
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        self._run(
            "initdb", "-D", str(self.folder / "db"), "-U", "bench", "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8"
        )
        self._run("pg_ctl", "-D", str(self.folder / "db"), "-w", "-l", str(self.folder / "log"), "-o",
                  f"-k {self.folder} -c listen_addresses='' -c shared_buffers=512MB -c work_mem=64MB "
                  "-c fsync=off -c maintenance_work_mem=512MB -c jit=off", "start")  # fmt: skip
        command = [*self.user, str(self.bin / "psql"), "-h", str(self.folder), "-U", "bench", "-qAtX", "postgres"]
        self.psql = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1 << 16)
        self._fill(rows, regions)

    def _run(self, name: str, *more: str) -> None:
        subprocess.run([*self.user, str(self.bin / name), *more], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def _say(self, text: str) -> list[str]:
        """The answer to statements; Unusable when psql ends over them."""
        assert self.psql.stdin and self.psql.stdout
        self.psql.stdin.write(text + "\n\\echo END\n")
        self.psql.stdin.flush()
        found: list[str] = []
        for line in self.psql.stdout:
            if line == "END\n":
                return found
            found.append(line)
        raise Unusable("postgresql: psql ended")

    def _copy(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        assert self.psql.stdin
        self.psql.stdin.write(f"COPY {table} FROM STDIN;\n")
        for row in rows:
            self.psql.stdin.write("\t".join(str(one).replace("\\", "\\\\") for one in row) + "\n")
        self.psql.stdin.write("\\.\n")

    def _fill(self, rows: Iterable[tuple[Any, ...]], regions: Iterable[tuple[int, str]]) -> None:
        numbers = {"n", "price", "sold", "listed", "stock", "energy", "environment"}
        kinds = ", ".join(f"{one} {'bigint' if one in numbers else 'text'}" for one in COLUMNS)
        self._say(f"""
            \\set ON_ERROR_STOP on
            CREATE EXTENSION pg_trgm;
            CREATE TABLE goods ({kinds}, PRIMARY KEY (n));
            CREATE TABLE goods_region (n bigint, region text);
        """)
        self._copy("goods", rows)
        self._copy("goods_region", regions)
        indexes = "".join(f"CREATE INDEX ON goods ({column}); " for column in INDEXES)
        self._say(f"""
            CREATE INDEX ON goods USING gin ((name || ' ' || specs) gin_trgm_ops);
            {indexes} CREATE INDEX ON goods_region (n, region);
            VACUUM ANALYZE goods;
            VACUUM ANALYZE goods_region;
        """)

    def ask(self, asked: dict[str, Any]) -> float:
        words = [f"(name || ' ' || specs) ILIKE {_quoted(f'%{one}%')}" for one in asked["text"].split()]
        order = ORDERS.get(asked["order"], f"similarity(name, {_quoted(asked['text'])}) DESC, g.sold DESC")
        page = ";\n".join(statements("goods g", [*words, *facets(asked)], order))
        return timed(lambda: self._say(page + ";"))

    def close(self) -> None:
        assert self.psql.stdin
        self.psql.stdin.close()
        self.psql.wait()
        self._run("pg_ctl", "-D", str(self.folder / "db"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


def shown(asked: dict[str, Any]) -> str:
    return json.dumps(asked, ensure_ascii=False)
