"""Sentences of the minutes: what a break was, in the words of the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.clock import CST
from core.data import regions

SITE = "评标场地掉线超过规定时间，系统自动暂停评标"
START = "评标委员会在规定的等待时间内未到齐，系统自动暂停评标"
KINDS = {
    "staff": "暂停", "tech": "技术中断（PAUSED_TECH）", "overnight": "隔夜封存", "flaw": "停止评标（招标文件问题）",
}  # fmt: skip
PARTIES = {"supervisor": "行政监督", "leader": "评标委员会组长", "venue": "主场见证（无组长时）"}
ENDED = {"resumed": "恢复评标", "overnight": "转为隔夜封存", "failed": "招标人确认，评标终止"}


def place(site: str) -> str:
    return regions().full_name(site) if site else ""


def stopped(kind: str, reason: str) -> str:
    return f"{KINDS[kind]}: {reason}"


def _who(parties: list[tuple[str, str]]) -> str:
    named = [f"{PARTIES[party]}{f'（{org}）' if org else ''}" for party, org in parties if party in PARTIES]
    back = sum(party not in PARTIES for party, _ in parties)
    return "、".join([*named, *([f"全体成员 {back} 人重新认证"] if back else [])])


def went_on(kind: str, parties: list[tuple[str, str]], said: str) -> str:
    """`parties`: [(party, organisation)]; members who came back after a night are counted."""
    who = _who(parties)
    return f"{KINDS[kind]}结束，恢复评标{f'，经{who}确认' if who else ''}{f'。{said}' if said else ''}"


def confirmed(one: Mapping[str, Any]) -> str:
    """How an interruption of the record ended, and by whose word."""
    who = _who([(given["party"], given["org"]) for given in one["confirmed"]])
    word = ENDED.get(one["ended"], "尚未恢复")
    return "，".join(part for part in (word, f"{who}确认" if who else "", one["said"]) if part)


def moved(number: int, old: str, new: str, reason: str, cosigner: str) -> str:
    signed = f"；行政监督（{cosigner}）会签" if cosigner else ""
    return f"{number}号评委由工位 {old} 换至备用工位 {new}: {reason}{signed}"


def hour_moved(until: datetime, reason: str) -> str:
    return f"隔夜封存的恢复时间改为 {until.astimezone(CST):%Y-%m-%d %H:%M}: {reason}"


def opened(reason: str) -> str:
    return f"迟到人员入场确认: {reason}"


def cut_off(reason: str) -> str:
    return f"场地报告中断: {reason}"


def back_again() -> str:
    return "场地报告恢复"
