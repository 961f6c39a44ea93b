"""A file of items: checked outside every transaction, loaded whole by one act, or not at all.

Reading and judging the lines goes through a real thread (certs.blocking): a server has others to answer meanwhile.
The check reads what it compares with in a few questions for thousands of lines; the load asks only whether that is
still so (IMPORT-FRESH), and refuses otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from certs.blocking import run_blocking
from core import canon
from core.access import Actor, Role
from core.acts import Acts, Tx
from core.db import new_id
from core.faults import Unusable
from core.rules import Breach, Refused
from trading.mall import content, items, rules, watch
from trading.mall.facts import Asked, PriceFacts
from trading.mall.machine import ITEM
from trading.mall.models import ImportRun, Item, Picture
from trading.mall.sheet import Line
from trading.mall.templates import asked_of
from trading.supplier.actions import stream as supplier_stream
from trading.supplier.facts import Standing
from trading.supplier.models import MallSupplier
from trading.supplier.queries import standing

MOST_OF_A_LINE = 10
KIND = {"category", "brand", "model"}
OPEN = ("draft", "refused", "delisted")
Fault = dict[str, Any]


@dataclass
class New:
    """A line that holds: its values, the item it changes (None: a new one), warnings of the price watch."""

    values: dict[str, Any]
    row: Item | None
    warned: list[Breach] = field(default_factory=list)


@dataclass
class Checked:
    """What the check found. `faults`: [{line, column, key, found, expected, rule}]; `known`: {sku: (id, version, state,
    changed_at)} as compared with."""

    rows: int
    faults: list[Fault]
    lines: list[New]
    seller: Standing
    asked: dict[str, Asked]
    known: dict[str, tuple[Any, ...]]


class Check:
    """One file against one supplier's items."""

    def __init__(self, session: Session, org: str, now: datetime) -> None:
        self.session, self.org, self.now = session, org, now
        self.book, self.seller = rules.book_at(now), standing(session, org)
        self.faults: list[Fault] = []
        self.lines: list[New] = []
        self.places: dict[str, int] = {}

    def run(self, said: list[tuple[Line, content.Said]]) -> Checked:
        """First what the database knows of the lines, then the lines themselves, which takes no question."""
        usable = [one.values for _, one in said]
        self.items = self._items(one["sku"] for one in usable if "sku" in one)
        self.asked = asked_of(self.session, {one["category"] for one in usable if "category" in one})
        self.past = watch.history(self.session, [row.id for row in self.items.values()])
        self.pictures = self._pictures(one for values in usable for one in values.get("pictures", ()))
        kinds = {(one["category"], one["brand"], one["model"]) for one in usable if set(one) >= KIND}
        self.others = watch.alike(self.session, kinds)
        run_blocking(lambda: self._judge(said))
        known = {sku: fingerprint(row) for sku, row in self.items.items()}
        return Checked(len(said), self.faults, self.lines, self.seller, self.asked, known)

    def _judge(self, said: list[tuple[Line, content.Said]]) -> None:
        for line, one in said:
            found = [*self._unread(line, one), *self._judged(line, one)]
            self.faults += found[:MOST_OF_A_LINE]

    def _items(self, skus: Iterable[str]) -> dict[str, Item]:
        return {row.sku: row for part in watch.parts(skus) for row in own_items(self.session, self.org, part)}

    def _pictures(self, wanted: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for part in watch.parts(wanted):
            query = select(Picture.sha256).where(Picture.org_id == self.org, Picture.sha256.in_(part))
            found |= set(self.session.scalars(query))
        return found

    def _fault(self, line: Line, key: str, found: str, expected: str, rule: str = "") -> Fault:
        base = key.partition(".")[0]
        column = line.columns.get(key) or line.columns.get(base) or key
        return {"line": line.number, "column": column, "key": key, "found": found, "expected": expected, "rule": rule}

    def _unread(self, line: Line, one: content.Said) -> list[Fault]:
        extra = set(line.payload) - set(content.KEYS)
        unknown = [self._fault(line, key, key, "unknown field") for key in sorted(extra)]
        return unknown + [self._fault(line, key, found, why) for key, why, found in one.faults]

    def _judged(self, line: Line, one: content.Said) -> list[Fault]:
        """What the rules say of a line; of one that cannot be read whole, what they can say."""
        found: list[Fault] = []
        values = one.values
        if (sku := values.get("sku")) is not None:
            first = self.places.setdefault(sku, line.number)
            if first != line.number:
                found.append(self._fault(line, "sku", sku, f"line {first}", "ITEM-SKU"))
        if "category" in values and "specs" in values:
            asked = self.asked[values["category"]]
            for name, need, said in rules.spec_faults(values["specs"], asked):
                found.append(self._fault(line, f"specs.{name}", said, need, "ITEM-SPEC"))
        if one.faults or found or set(line.payload) - set(content.KEYS):
            return found
        new = New(values, self.items.get(values["sku"]))
        breaches = self._breaches(new)
        new.warned = [breach for breach in breaches if not breach.blocks]
        self.lines.append(new)
        return [self._fault(line, b.field or "sku", b.found, b.required, b.rule) for b in breaches if b.blocks]

    def _breaches(self, new: New) -> list[Breach]:
        values, row = new.values, new.row
        found = items.placed(values, self.seller, self.book)
        found += rules.certificates_valid(values["certificates"], self.now.date(), self.book)
        found += rules.pictures_few(len(values["pictures"]), self.book)
        missing = set(values["pictures"]) - self.pictures
        found += [self.book["PICTURE-KIND"].breach(one[:12], field="pictures") for one in sorted(missing)]
        if row is not None:
            if row.state == "pending":
                found.append(Breach("STATE", "", "B", " / ".join((*OPEN, "listed")), row.state, "sku"))
            if row.state == "listed":
                before = [row.category, row.brand, row.model]
                found += rules.same_thing(before, [values[key] for key in ("category", "brand", "model")], self.book)
        return found + self._watched(values, row)

    def _watched(self, values: dict[str, Any], row: Item | None) -> list[Breach]:
        kind = (values["category"], values["brand"], values["model"])
        others = watch.of_others(self.others, kind, self.org)
        past = self.past.get(row.id, []) if row is not None else []
        agreement = row.agreement_price if row is not None else None
        facts = PriceFacts(values["price"], self.now, agreement, values["elsewhere"], past, others)
        return rules.watch(facts, self.book)


def own_items(session: Session, org: str, skus: list[str]) -> list[Item]:
    return list(session.scalars(select(Item).where(Item.supplier_org == org, Item.sku.in_(skus))))


def fingerprint(row: Item) -> tuple[Any, ...]:
    return row.id, row.version, row.state, row.changed_at


def run(acts: Acts, actor: Actor, name: str, read: Callable[[], list[Line]], *, submit: bool = False) -> dict[str, Any]:
    """Check the file and load it if nothing is wrong: {import, rows, faults, created, updated, unchanged}. Unusable
    when it cannot be read at all, Refused for whoever may not."""
    actor.require(Role.BIDDER)
    said = run_blocking(lambda: [(line, content.read(line.payload)) for line in read()])
    now = acts.house.clock.now()
    most = rules.book_at(now)["IMPORT-ROWS"]
    if not said:
        raise Unusable("items: the file has no items")
    if len(said) > most.number:
        raise Refused(most.breach(len(said), required=f"≤ {most.number}"))
    with acts.reading() as session:
        checked = Check(session, actor.org, now).run(said)
        session.expunge_all()
    report = acts.house.blobs.put(canon.dumps(checked.faults)).sha256
    return acts.act(_end, actor, name[:200], checked, report, submit)


def _end(tx: Tx, name: str, checked: Checked, report: str, submit: bool) -> dict[str, Any]:
    """The run on record, and with it, where nothing is wrong, every line."""
    tx.actor.require(Role.BIDDER)
    row = ImportRun(supplier_org=tx.actor.org, by=tx.actor.person, at=tx.now, name=name, rows=checked.rows,
                    faults=len(checked.faults), report=report)  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    if not checked.faults:
        row.created, row.updated, row.unchanged = Load(tx, checked, submit).run()
        entry = tx.session.scalar(select(MallSupplier).where(MallSupplier.org_id == tx.actor.org))
        assert entry is not None
        counts = {key: getattr(row, key) for key in ("rows", "created", "updated", "unchanged")}
        tx.record(supplier_stream(entry.id), "item.imported", {"import": row.id, "file": name, **counts})
    told = ("rows", "faults", "created", "updated", "unchanged")
    return {"import": row.id, **{key: getattr(row, key) for key in told}}


class Load:
    """Every line of a checked file, in the transaction of one act."""

    def __init__(self, tx: Tx, checked: Checked, submit: bool) -> None:
        self.tx, self.checked, self.submit = tx, checked, submit
        self.filed: dict[str, Any] | None = None

    def run(self) -> tuple[int, int, int]:
        self._still_so()
        fresh = [new for new in self.checked.lines if new.row is None]
        old = [new for new in self.checked.lines if new.row is not None and self._differs(new)]
        if fresh:
            self.tx.session.execute(insert(Item), [self._made(new) for new in fresh])
        for listed in (new for new in old if new.row is not None and new.row.state == "listed"):
            self._listed(listed)
        quiet = [self._changed(new, new.row) for new in old if new.row is not None and new.row.state != "listed"]
        for _, alike in groupby(sorted(quiet, key=sorted), key=sorted):  # one statement for rows that change alike
            self.tx.session.execute(update(Item), list(alike))
        return len(fresh), len(old), len(self.checked.lines) - len(fresh) - len(old)

    def _still_so(self) -> None:
        tx, seen = self.tx, self.checked
        known: dict[str, tuple[Any, ...]] = {}
        for part in watch.parts(new.values["sku"] for new in seen.lines):
            query = select(Item.sku, Item.id, Item.version, Item.state, Item.changed_at)
            query = query.where(Item.supplier_org == tx.actor.org, Item.sku.in_(part))
            known |= {row[0]: tuple(row[1:]) for row in tx.session.execute(query)}
        asked = asked_of(tx.session, seen.asked)
        same = known == seen.known and asked == seen.asked and standing(tx.session, tx.actor.org) == seen.seller
        if not same:
            raise Refused(rules.book_at(tx.now)["IMPORT-FRESH"].breach("changed meanwhile", required="unchanged"))

    def _differs(self, new: New) -> bool:
        assert new.row is not None
        again = self.submit and new.row.state in OPEN
        return again or any(getattr(new.row, key) != value for key, value in self._values(new).items())

    def _values(self, new: New) -> dict[str, Any]:
        """A file without pictures leaves those of an item as they are."""
        values = dict(new.values)
        if new.row is not None and not values["pictures"]:
            values["pictures"] = new.row.pictures
        return values

    def _common(self, new: New) -> dict[str, Any]:
        values, asked = self._values(new), self.checked.asked[new.values["category"]]
        marks = rules.marks_of(values["certificates"], self.tx.now.date())
        return values | {"template": dict(asked.versions), "marks": marks, "changed_at": self.tx.now}

    def _filed(self, state: str) -> dict[str, Any]:
        """All that a file hands in waits from one moment on, with one timer."""
        if state != "pending":
            return {"filed_at": None, "due": None, "late_at": None}
        if self.filed is None:
            self.filed = items.file_for_review(self.tx)
        return self.filed

    def _made(self, new: New) -> dict[str, Any]:
        state = ITEM.move("draft", "item.submit", self.tx.actor).target if self.submit else ITEM.first
        name = new_id()
        found = {"id": name, "supplier_org": self.tx.actor.org, "state": state, "version": 1, "sold": 0,
                 "agreement_id": "", "reason": "", **self._filed(state)}  # fmt: skip
        items.plan_marks(self.tx.session, name, new.values["certificates"], self.tx.now)
        return found | self._common(new)

    def _changed(self, new: New, row: Item) -> dict[str, Any]:
        """A draft, a refused, delisted or blocked item: nobody sees it, so it has no entry of its own."""
        state = row.state
        if self.submit and state in OPEN:
            state = ITEM.move(state, "item.submit", self.tx.actor).target
        items.plan_marks(self.tx.session, row.id, new.values["certificates"], self.tx.now)
        wanted = {"state": state} | self._filed(state) | self._common(new)
        return {"id": row.id} | {key: value for key, value in wanted.items() if getattr(row, key) != value}

    def _listed(self, new: New) -> None:
        assert new.row is not None
        row = self.tx.session.get_one(Item, new.row.id)
        price, values = row.price, self._values(new)
        changed = items.write(row, values, self.checked.asked[values["category"]], self.tx.now.date())
        items.told_change(self.tx, row, changed, price)
        watch.flag(self.tx, row, new.warned)
        items.plan_marks(self.tx.session, row.id, values["certificates"], self.tx.now)
