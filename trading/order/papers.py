"""电子订单合同 and 验收单: both on the signing desk for buyer and supplier, each with its machine record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from accounts.models import Org
from core.clock import CST
from core.data import regions
from core.money import D, plain, yuan
from core.paper import Paper, PaperResult, SignatureBox
from trading.order.models import Order, OrderLine, Shipment
from trading.order.states import lines_of

Record = dict[str, Any]
Part = Mapping[str, Any]
LABELS = {"buyer": "采购人", "supplier": "供应商"}


def hour(moment: datetime) -> str:
    at = moment.astimezone(CST)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _party(session: Session, org: str) -> Record:
    row = session.get_one(Org, org)
    return {"org": row.id, "name": row.name, "uscc": row.uscc}


def _line(one: OrderLine) -> Record:
    return {"line": one.id, "position": one.position, "name": one.name, "brand": one.brand, "model": one.model,
            "category": one.category, "unit": one.unit, "quantity": one.quantity, "price": plain(one.price),
            "amount": plain(one.amount)}  # fmt: skip


def _heads(session: Session, row: Order, schema: str) -> Record:
    return {
        "schema": schema, "order": row.id, "number": row.number, "buyer": _party(session, row.buyer_org),
        "supplier": _party(session, row.supplier_org),
    }  # fmt: skip


def contract_record(session: Session, row: Order) -> Record:
    """order-contract/1, but for `made_at`, which its making adds."""
    return _heads(session, row, "order-contract/1") | {
        "lines": [_line(one) for one in lines_of(session, row.id).values()], "total": plain(row.total),
        "region": row.region, "address": row.address, "receiver": row.receiver, "note": row.note,
        "deliver_by": row.settings.get("deliver_by", ""), "placed_at": row.placed_at,
    }  # fmt: skip


def note_record(session: Session, row: Order, sent: Shipment, result: Part) -> Record:
    """acceptance-note/1, but for `made_at`."""
    lines = lines_of(session, row.id)
    said = [
        _line(lines[key]) | {"came": number, "accepted": result[key]["accepted"], "refused": result[key]["refused"],
                             "reason": result[key]["reason"],
                             "worth": plain(lines[key].price * result[key]["accepted"])}
        for key, number in sent.lines.items()
    ]  # fmt: skip
    worth = sum((lines[key].price * one["accepted"] for key, one in result.items()), D(0))
    return _heads(session, row, "acceptance-note/1") | {
        "shipment": sent.number, "carrier": sent.carrier, "tracking": sent.tracking, "received_at": sent.received_at,
        "lines": said, "worth": plain(worth),
    }  # fmt: skip


def _sides(record: Record, beside: tuple[str, str]) -> list[tuple[str, str]]:
    """Two columns: the number and what stands beside it, then both sides with their codes."""
    buyer, supplier = record["buyer"], record["supplier"]
    return [("订单编号", record["number"]), beside, ("采购人", buyer["name"]), ("统一社会信用代码", buyer["uscc"]),
            ("供应商", supplier["name"]), ("统一社会信用代码", supplier["uscc"])]  # fmt: skip


def _sign(paper: Paper) -> PaperResult:
    places = [SignatureBox(key, label) for key, label in LABELS.items()]
    return paper.section("签署").signatures(places).build()


def _thing(one: Part) -> str:
    return " ".join(part for part in (one["name"], one["brand"], one["model"]) if part)


def contract_paper(record: Record, *, pay_days: int, demo: bool) -> PaperResult:
    paper = Paper("电子订单合同", subtitle=record["number"], issuer=record["buyer"]["name"], number=record["number"],
                  demo=demo)  # fmt: skip
    paper.section("双方").facts(_sides(record, ("合同金额", f"{yuan_text(record['total'])} 元")), columns=2)
    rows = [[str(one["position"]), _thing(one), one["unit"], str(one["quantity"]), yuan_text(one["price"]),
             yuan_text(one["amount"])] for one in record["lines"]]  # fmt: skip
    paper.section("标的").table(["序号", "名称、品牌、型号", "单位", "数量", "单价(元)", "金额(元)"], rows,
                              widths=[0.8, 4.2, 0.9, 1, 1.5, 1.7],
                              align=["centre", "left", "centre", "right", "right", "right"])  # fmt: skip
    paper.text(f"合同总价：人民币 {yuan_text(record['total'])} 元。")
    place = regions().full_name(record["region"])
    paper.section("交付").facts(
        [("交付地点", f"{place} {record['address']}"), ("收货人", record["receiver"]),
         ("交付期限", record["deliver_by"] or "按双方约定"), ("备注", record["note"] or "—")]
    )  # fmt: skip
    paper.section("验收与付款").text(
        "货物到达后由采购人逐项验收，双方在电子验收单上签字；不合格的货物予以拒收，不予付款。"
    )
    paper.text(f"验收合格之日起 {pay_days} 日内付款；采购人迟延验收的，自应当验收之日起算。")
    paper.note(f"订单提交时间：{hour(record['placed_at'])}    合同生成时间：{hour(record['made_at'])}")
    return _sign(paper)


def note_paper(record: Record, *, demo: bool) -> PaperResult:
    paper = Paper("验收单", subtitle=f"{record['number']} 第 {record['shipment']} 批", issuer=record["buyer"]["name"],
                  number=record["number"], demo=demo)  # fmt: skip
    sides = _sides(record, ("承运", f"{record['carrier']} {record['tracking']}".strip()))
    paper.section("订单").facts([*sides, ("收货时间", hour(record["received_at"]))], columns=2)
    rows = [[str(one["position"]), _thing(one), str(one["came"]), str(one["accepted"]), str(one["refused"]),
             yuan_text(one["worth"])] for one in record["lines"]]  # fmt: skip
    paper.section("验收结果").table(["序号", "名称、品牌、型号", "到货", "合格", "拒收", "合格金额(元)"], rows,
                                widths=[0.8, 4.2, 0.9, 0.9, 0.9, 1.8],
                                align=["centre", "left", "right", "right", "right", "right"])  # fmt: skip
    refused = [f"{_thing(one)}：{one['reason']}" for one in record["lines"] if one["refused"]]
    for said in refused:
        paper.text(f"拒收原因：{said}")
    paper.text(f"本批验收合格金额：人民币 {yuan_text(record['worth'])} 元。")
    paper.note("供应商逾期未签署且未提出争议的，视为同意本验收单。")
    return _sign(paper)


def yuan_text(amount: str) -> str:
    return yuan(D(amount))
