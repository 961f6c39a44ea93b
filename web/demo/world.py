"""Builds a platform around a case file: centres with seats, the parties, the pool of experts. All through acts."""

from __future__ import annotations

from datetime import date
from typing import Any

from accounts import passwords, sign_in
from accounts.actions_orgs import found as found_first
from accounts.actions_orgs import register_org
from accounts.actions_people import add_person
from accounts.rules import AGREEMENT
from certs import keys
from core import codes
from core.access import SYSTEM, Role
from core.data import regions
from trading.procedures.open_works.story import basic_account
from web.demo.local import LocalStage
from web.demo.ring import User

PASSWORD = "Gongheng-2026-demo"  # noqa: S105 - the demo world only; production has no such people
SPECIALITIES = ["A0801", "A0802", "A0803"]
GOODS = "B01"
TITLES = ("正高级工程师", "高级工程师")
Case = dict[str, Any]


class Builder:
    """`stage` is in process; every step is an act by somebody entitled to it."""

    def __init__(self, stage: LocalStage, *, stored_keys: bool) -> None:
        self.stage, self.ring, self.stored_keys = stage, stage.ring, stored_keys
        self.hash = passwords.hashed(PASSWORD)
        self.number = 0

    def id_number(self, region: str, year: int = 1970) -> str:
        self.number += 1
        return person_number(region, self.number, year)

    def contact(self, login: str, name: str, region: str, roles: list[str] | None = None) -> dict[str, Any]:
        found: dict[str, Any] = {"login": login, "name": name, "id_number": self.id_number(region),
                                 "phone": f"1390000{self.number:04d}"}  # fmt: skip
        return found | ({"roles": roles} if roles else {})

    def founding(self, login: str, name: str, uscc: str, region: str) -> User:
        """The first centre of an empty database."""
        contact = self.contact(login, f"{short(name)}经办", region)
        p = {"name": name, "uscc": uscc, "kinds": ["centre"], "region": region, "contact": contact}
        answer = self.stage.acts.act(found_first, SYSTEM, p, self.hash)
        return self._enter(login, contact["name"], answer, ("centre",))

    def org(self, login: str, name: str, uscc: str, kind: str, region: str, by: str) -> User:
        """Registered by itself, verified by the centre `by`; its manager gets a key."""
        answer = self.filing(login, name, uscc, kind, region)
        self.stage.act(by, "org.verify", org=answer["org"], approve=True)
        return self._enter(login, f"{short(name)}经办", answer, (kind,))

    def filing(self, login: str, name: str, uscc: str, kind: str, region: str) -> dict[str, Any]:
        """A registration that waits for the centre."""
        contact = self.contact(login, f"{short(name)}经办", region)
        p = {"agreement": AGREEMENT, "name": name, "uscc": uscc, "kinds": [kind], "region": region, "contact": contact,
             "account": account_of(uscc)}  # fmt: skip
        return self.stage.acts.act(register_org, self.stage.actor(""), p, self.hash)

    def _enter(self, login: str, name: str, answer: dict[str, Any], roles: tuple[str, ...]) -> User:
        user = User(login, name, answer["person"], answer["org"], roles, PASSWORD)
        return self.enrol(self.ring.add(user))

    def person(self, by: str, login: str, name: str, roles: list[str], region: str) -> User:
        """A colleague in the organisation of `by`, active at once."""
        contact = self.contact(login, name, region, roles)
        actor = self.stage.actor(by)
        answer = self.stage.acts.act(add_person, actor, contact, self.hash)
        user = User(login, name, answer["person"], self.ring[by].org, tuple(roles), PASSWORD)
        return self.enrol(self.ring.add(user))

    def enrol(self, user: User) -> User:
        """A signing key made here, as a browser would, and its certificate."""
        self.stage.enrol(user.login)
        return self.store(user) if self.stored_keys else user

    def store(self, user: User) -> User:
        """The wrapped signing key goes to the server, the passphrase does not: so a person can sign at any seat."""
        assert user.key is not None
        user.passphrase = keys.new_passphrase()
        envelope = keys.wrap(user.key, "sign", user.person, user.passphrase)
        self.stage.act(user.login, "keyblob.store", certificate=user.fingerprint, envelope=envelope)
        return user

    def opening_key(self, user: User, use: str) -> User:
        """The organisation's decryption key; the private half stays in the ring."""
        self.stage.enrol_org(user.login, use)
        return user


def account_of(uscc: str) -> dict[str, str]:
    """The registered basic account of a demo organisation."""
    return {"bank": "演示银行", "number": basic_account(uscc)}


def person_number(region: str, number: int, year: int = 1970) -> str:
    """A well-formed placeholder ID number."""
    return codes.make_id18(region, date(year, 1 + number % 12, 1 + number % 28), 1 + number % 999)


def short(name: str) -> str:
    """A short form for people's placeholder names."""
    return name.replace("公共资源交易中心", "").replace("公共资源交易监督管理局", "监管").removesuffix("有限公司")


def uscc(kind: str, region: str, number: int) -> str:
    """A well-formed placeholder code: department and kind, region, nine characters, check."""
    return codes.make_uscc(f"{kind}{region}MB0D{number:05d}")


def build(builder: Builder, case: Case) -> None:
    """Everything a case needs before its plan: centres, parties, keys, pool. Bidders register by themselves."""
    sites = case["sites"]
    for place, site in enumerate(sites):
        login, region = f"centre{place + 1}", site["region"]
        code = uscc("12", region, place + 1)
        if place == 0:
            builder.founding(login, site["name"], code, region)
        else:
            builder.org(login, site["name"], code, "centre", region, "centre1")
        _venue(builder, login, site)
    builder.opening_key(builder.ring["centre1"], "custodian")
    builder.stage.act("centre1", "cert.make_seal")
    _parties(builder, case)
    _pool(builder, case)


def _venue(builder: Builder, login: str, site: dict[str, Any]) -> None:
    """Rooms of single-seat cells in a row with a gap between seats."""
    act = builder.stage.act
    act(login, "venue.open", name=site["name"], region=site["region"])
    rooms, seats = int(site["rooms"]), int(site["seats"])
    each = -(-seats // rooms)
    for room in range(rooms):
        plan = [
            {"cell": f"{room + 1}-{n + 1}", "label": f"{room + 1}0{n + 1}", "x": 2 * n, "y": 2 * room}
            for n in range(min(each, seats - room * each))
        ]
        act(login, "venue.add_room", name=f"评标室{room + 1}", purpose="evaluation", seats=plan)


def _parties(builder: Builder, case: Case) -> None:
    region, parties = case["tender"]["region"], case["parties"]
    for kind, use in (("regulator", "custodian"), ("tenderer", "custodian"), ("agency", "")):
        if kind in parties:
            user = builder.org(kind, parties[kind]["name"], parties[kind]["uscc"], kind, region, "centre1")
            if use:
                builder.opening_key(user, use)
    builder.person("regulator", "auditor", "审计人员", [Role.AUDITOR], region)
    award = case["tender"]["award"]
    if award.get("separate"):
        for number in range(int(award.get("pool", 2 * int(award["committee"])))):
            builder.person("tenderer", f"elector{number + 1}", f"定标委员{number + 1:02d}", [Role.ELECTOR], region)
        for number in range(int(award.get("supervisors", 2))):
            builder.person("regulator", f"supervisor{number + 1}", f"监督员{number + 1}", [Role.REGULATOR], region)


def _pool(builder: Builder, case: Case) -> None:
    """`pool_per_site` experts a site; three are employed by a bidder and one by the tenderer, who may not be drawn."""
    experts = case.get("experts", {})
    each = int(experts.get("pool_per_site", 40))
    wanted = experts.get("specialities", SPECIALITIES)
    tied = [(one["name"], one["uscc"]) for one in case["bidders"][:3]]
    tied.append((case["parties"]["tenderer"]["name"], case["parties"]["tenderer"]["uscc"]))
    for place, site in enumerate(case["sites"]):
        centre, region = f"centre{place + 1}", site["region"]
        name_of = regions().check(region).name.removesuffix("市").removesuffix("区")
        for number in range(1, each + 1):
            login = f"expert{place + 1}-{number}"
            user = _expert(builder, centre, login, f"{name_of}专家{number:02d}", region)
            employer = (
                tied[place % len(tied)] if number == 5 else (f"{name_of}设计院{number}", _employer(region, number))
            )
            builder.stage.act(
                centre, "expert.admit", person=user.person, region=region,
                specialities=_known(wanted, number),
                title=TITLES[number % 2], level="senior", years=8 + number % 25, born_year=1962 + number % 25,
                employer_name=employer[0], employer_uscc=employer[1],
            )  # fmt: skip


def _known(wanted: list[str], number: int) -> list[str]:
    """Two of what the case asks for, and goods: every expert of the demo is drawn for both procedures."""
    some = [wanted[(number + n) % len(wanted)] for n in range(min(2, len(wanted)))]
    return some if GOODS in some else [*some, GOODS]


def _employer(region: str, number: int) -> str:
    return codes.make_uscc(f"91{region}MA4E{number:05d}")


def _expert(builder: Builder, centre: str, login: str, name: str, region: str) -> User:
    contact = builder.contact(login, name, region, [Role.EXPERT]) | {"pool": True}
    answer = builder.stage.acts.act(add_person, builder.stage.actor(centre), contact, builder.hash)
    user = User(login, name, answer["person"], "", (Role.EXPERT,), PASSWORD)
    return builder.ring.add(user)


def cookies(builder: Builder, logins: list[str]) -> None:
    """Open logins for people whose browsers are open already: 160 password checks would cost ten seconds."""
    for login in logins:
        user = builder.ring[login]
        user.extra["token"] = builder.stage.acts.act(sign_in.begin, SYSTEM, user.person)

