"""`flask …`: commands that outside checks call. Scoring, votes, tax, draws and verification need neither settings nor
a database, so the app behind the command line is empty until a command asks for the house."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click
from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask
from flask.cli import AppGroup

from certs import offline
from core import canon, config, data
from core.access import SYSTEM
from core.acts import Acts, House
from core.blobs import Blobs
from core.db import open_engine
from core.faults import Fault, Unusable
from core.ledger import Ledger
from core.live import Hub
from methods import bill as bills
from methods.commands import Outcome, run_score, run_tax, run_vote
from trading.bidding import contents
from trading.bidding import workbook as workbooks
from trading.mall import search_index
from trading.opening import sheet
from verifier.commands import run_course, run_replay, run_verify
from web import clocks

ROOT = Path(__file__).resolve().parent.parent
P = ParamSpec("P")
PATH = click.Path(path_type=Path)


def _end(outcome: Outcome) -> NoReturn:
    click.echo(outcome.text, err=outcome.status == 2)
    sys.exit(outcome.status)


def plain(fn: Callable[P, Any]) -> Callable[P, Any]:
    """Unusable ends with status 2, Fault with 1; one line, no traceback."""

    @wraps(fn)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return fn(*args, **kwargs)
        except Fault as fault:
            _end(Outcome(1, str(fault)))
        except Unusable as error:
            _end(Outcome(2, str(error)))

    return run


@click.command("score")
@click.argument("file", type=PATH)
def score(file: Path) -> None:
    """Score a file in the format scoring/1."""
    _end(run_score(file))


@click.command("vote")
@click.argument("file", type=PATH)
def vote(file: Path) -> None:
    """Count award ballots in the format vote/1."""
    _end(run_vote(file))


@click.command("tax", context_settings={"ignore_unknown_options": True})
@click.argument("amounts", nargs=-1)
def tax(amounts: tuple[str, ...]) -> None:
    """Withholding for labour remuneration, one row for each amount in yuan."""
    _end(run_tax(amounts))


@click.command("verify")
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--trust", type=PATH, help="trust file; default trust.json beside each path")
def verify(paths: tuple[Path, ...], trust: Path | None) -> None:
    """Verify case files, signed PDFs, receipts, draw records or checkpoints, offline."""
    _end(run_verify(paths, trust))


@click.command("replay")
@click.argument("casefile", type=PATH)
@click.option("--at", type=int, help="the state after this entry, as JSON; default: the whole course, a line an entry")
@click.option("--trust", type=PATH, help="trust file; default trust.json beside the case file")
def course(casefile: Path, at: int | None, trust: Path | None) -> None:
    """Print the course of a case file's sitting from its ledger entries, offline."""
    _end(run_course(casefile, at, trust))


draw = AppGroup("draw", help="Draws that anyone can replay.")


@draw.command("replay")
@click.argument("file", type=PATH)
def replay(file: Path) -> None:
    """Recompute a recorded draw."""
    _end(run_replay(file))


seal = AppGroup("seal", help="The offline tool: keys, sealed bids and signatures without a page.")


def _pass_on(name: str) -> click.Command:
    """A command whose arguments, --help included, the tool reads itself."""

    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def run(arguments: tuple[str, ...]) -> None:
        sys.exit(offline.main([name, *arguments]))

    return click.command(name, context_settings={"ignore_unknown_options": True}, add_help_option=False)(run)


for _name in offline.COMMANDS:
    seal.add_command(_pass_on(_name))


def _declared(form: str, share: str) -> dict[str, str]:
    return ({"form": form} if form else {}) | ({"share": share} if share not in ("", "-") else {})


@seal.command("sheet")
@click.argument("price")
@click.argument("out", type=PATH)
@click.option("--days", default="", help="duration in days")
@click.option("--quality", default="合格")
@click.option("--manager", default="", help="name of the project manager")
@click.option("--certificate", default="", help="certificate number of the project manager")
@click.option("--flag", "flags", multiple=True, help="a price deduction claimed, such as small_firm")
@click.option("--small", default=("", ""), nargs=2, metavar="FORM SHARE",
              help="with --flag small_share: consortium or subcontract and the small firms' percent of the contract, "
                   "or all_small -")  # fmt: skip
@click.option("--brand", "brands", multiple=True, nargs=2, help="id of a core product and the brand offered")
@plain
def price_sheet(price: str, out: Path, days: str, quality: str, manager: str, certificate: str,
                flags: tuple[str, ...], small: tuple[str, str],
                brands: tuple[tuple[str, str], ...]) -> None:  # fmt: skip
    """Write price.json, checked as the opening will check it. PRICE is in the tender's unit."""
    lasting = int(days) if days.isdecimal() else 0
    leads = {"name": manager, "certificate": certificate}
    data = sheet.compose(sheet.Sheet(price, lasting, quality, leads, flags, dict(brands), _declared(*small)))
    sheet.declared(data)
    try:
        with out.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise Unusable(f"{out}: {error.strerror}") from None
    click.echo(data.decode())


@seal.command("bill")
@click.argument("workbook", type=PATH)
@click.argument("out", type=PATH)
@click.option("--tender-bill", type=PATH, required=True, help="bill.json of the bid desk")
@click.option("--price", default="", help="as in the price sheet; compared with the total when given")
@click.option("--unit", type=click.Choice(["元", "万元"]), default="万元", help="of the price")
@plain
def priced_bill(workbook: Path, out: Path, tender_bill: Path, price: str, unit: str) -> None:
    """Check a priced WORKBOOK line by line against the tender's bill and write bill.json for sealing.

    Seal the workbook beside it under the name bill.xlsx. Findings are printed; status 1 when there are any.
    """
    try:
        asked, data = bills.read(canon.loads(tender_bill.read_bytes())), workbook.read_bytes()
        priced = bills.priced_of(workbooks.rows(data))
        with out.open("xb") as file:
            file.write(canon.dumps(bills.compose_priced(priced)))
    except OSError as error:
        raise Unusable(f"{error.filename}: {error.strerror}") from None
    found = bills.check(asked, priced, contents.in_yuan(price, unit) if price else None)
    answer = {"lines": len(priced.lines), "total": priced.total, "findings": [one.plain() for one in found]}
    _end(Outcome(int(bool(found)), canon.dumps(answer).decode()))


db = AppGroup("db", help="The database.")


@db.command("upgrade")
@plain
def upgrade() -> None:
    """Bring the database to the newest migration."""
    settings = config.read()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(ROOT / "core" / "migrations"))
    alembic.set_main_option("sqlalchemy.url", settings.database_url.replace("%", "%%"))
    command.upgrade(alembic, "head")


calendar = AppGroup("calendar", help="Working days by the State Council's notices.")


@calendar.command("import")
@click.argument("file", type=PATH)
@plain
def import_calendar(file: Path) -> None:
    """Add the days off and the days worked in exchange of another year (columns date, kind, name)."""
    settings = config.read()
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: cannot be read ({type(error).__name__})") from None
    years = data.remember(settings.data_dir, text)
    click.echo(f"days of {', '.join(map(str, years))} are known")


mall = AppGroup("mall", help="The e-mall.")


@mall.command("reindex")
@plain
def reindex() -> None:
    """Make the index for looking for goods anew. One transaction: stop the server, or its acts wait."""
    settings = config.read()
    engine = open_engine(settings.database_url)
    house = House(clocks.make(settings), Ledger(), Hub(), Blobs(settings.data_dir / "blobs"), settings)
    count = Acts(engine, house).act(search_index.rebuild, SYSTEM)
    engine.dispose()
    click.echo(f"{count} items are listed")


def commands() -> Flask:
    """An app that only carries the command line (FLASK_APP in .flaskenv)."""
    app = Flask("gongheng", static_folder=None)
    for one in (score, vote, tax, verify, course, draw, seal, db, calendar, mall):
        app.cli.add_command(one)
    return app
