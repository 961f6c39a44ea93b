"""What the checks of a bid say: findings of methods/bill.py and trading/bidding/contents.py, words of the desk."""

from __future__ import annotations

import re

from flask_babel import gettext

from web.rule_words import N_

FINDINGS: dict[str, str] = {
    "bill.lines": N_("A bill has at least one line, and not too many."),
    "bill.no": N_("The line has no number."),
    "bill.name": N_("The line has no name."),
    "bill.unit": N_("The line has no unit."),
    "bill.quantity": N_("The quantity is not a number above zero."),
    "bill.fixed": N_("The fixed sum is not an amount in yuan and cents."),
    "bill.limit": N_("The highest unit price is not an amount above zero, or the line has a fixed sum."),
    "limit": N_("The unit price is above the highest one that the tender's bill allows."),
    "added": N_("A line that the tender's bill does not have."),
    "twice": N_("The number of this line stands twice."),
    "missing": N_("A line of the tender's bill is missing."),
    "code": N_("The code was changed."),
    "name": N_("The name was changed."),
    "feature": N_("The description was changed."),
    "unit": N_("The unit was changed."),
    "quantity": N_("The quantity was changed."),
    "price.empty": N_("The unit price is empty."),
    "price.number": N_("The unit price is not a number."),
    "price.negative": N_("The unit price is below zero."),
    "amount.empty": N_("The amount is empty."),
    "amount.number": N_("The amount is not a number."),
    "amount.negative": N_("The amount is below zero."),
    "amount": N_("The amount is not unit price × quantity, rounded half up to the cent."),
    "fixed": N_("The fixed sum was changed."),
    "total.missing": N_("The total is missing."),
    "total.number": N_("The total is not a number."),
    "total": N_("The total is not the sum of the lines."),
    "sheet": N_("The total of the bill (yuan) is not the price of the price sheet."),
    "bill.missing": N_("The priced bill of quantities is missing."),
    "bill.unreadable": N_("The priced bill of quantities cannot be read."),
    "bill.differs": N_("The data of the bill is not what its workbook says."),
    "unjudged": N_("The checks could not be carried out."),
    "contents.kind": N_("The kind inside the seal is not the kind that was handed in."),
    "contents": N_("What the bid says about its own parts cannot be read."),
    "part.missing": N_("A part is missing."),
    "part.unsaid": N_("The bid does not say where this part stands; it may be inside the bid PDF."),
    "part.empty": N_("The file is empty."),
    "part.size": N_("The file is larger than the tender file allows."),
    "part.type": N_("The file is not of the format the tender file asks for."),
}
UNUSABLE: dict[str, str] = {
    "workbook: too large": N_("The workbook is too large."),
    "workbook: too large when unpacked": N_("The workbook is too large when it is unpacked."),
    "workbook: not an xlsx file": N_("This is not a workbook (xlsx)."),
    "workbook: too many parts": N_("The workbook has too many parts."),
    "workbook: too many cells": N_("The workbook has too many cells or styles."),
    "workbook: too many rows": N_("The sheet has too many rows."),
    "workbook: too many lines": N_("The sheet has too many rows."),
    "workbook: a cell with too much text": N_("A cell holds too much text."),
    "workbook: too much text": N_("The sheet holds too much text."),
    "workbook: cannot be read": N_("The workbook is damaged or of a kind that cannot be read."),
    "workbook: no row with the headings 项目名称 and 工程量": N_("No row has the headings 项目名称 and 工程量."),
    "workbook: no column": N_("A column is missing."),
    "bill.json: too large": N_("The data of the bill is too large."),
    "the worker that reads workbooks did not start": N_("The reader of workbooks did not start in this browser."),
}
WORDS: tuple[str, ...] = (
    *FINDINGS.values(),
    *UNUSABLE.values(),
    N_("The bid is complete and in form. Nothing was found."),
    N_("Missing or unusable: the bid cannot be sealed"),
    N_("Warnings: the bid may be handed in, the committee will see the same"),
    N_("The bid cannot be sealed yet: %(n)s points, listed under “Check before sealing”."),
    N_("Read the warnings under “Check before sealing” and confirm them."),
    N_("The bid PDF"),
    N_("Neither attached nor marked as standing in the bid PDF."),
    N_("Not attached."),
    N_("This PDF is protected. Make sure that it opens without a password: nobody can read it otherwise."),
    N_("This page could not read the workbook, so it was not compared; the platform reads it at the opening."),
    N_("The tender's bill could not be fetched, so the workbook was not compared."),
    N_("This PDF seems to be cut off at its end."),
    N_("The duration is longer than the tender's."),
    N_("The price is above the ceiling: such a bid is rejected."),
    N_("The duration must be a number of days."),
    N_("Fill in this field."),
    N_("Write what is supplemented."),
    N_("Reading the workbook…"),
    N_("%(n)s lines read, total %(total)s. Nothing to find fault with."),
    N_("%(n)s lines read, total %(total)s: %(faults)s findings."),
    N_("Row in the sheet"),
    N_("No."),
    N_("Finding"),
    N_("The first %(n)s of %(all)s findings are shown."),
    N_("Save all findings"),
    N_("row %(line)s"),
    N_("Priced bill of quantities"),
    N_("%(name)s · %(size)s MB"),
    N_("%(n)s files · %(size)s MB"),
    N_("This file is looked at on your computer; it was not sent."),
    N_("This browser cannot show this kind of file; it is saved instead."),
    N_("Binding scan %(n)s of %(all)s…"),
    N_("%(n)s scans are bound into one PDF."),
    N_("Only JPG and PNG scans can be bound: %(name)s"),
    N_("Together the scans have %(size)s MB; at most %(most)s MB and %(pages)s pages are bound in a browser."),
    N_("Fetching and opening my sealed version…"),
    N_("The files and figures of the version in force are in the form again."),
    N_("The sealed file could not be fetched."),
    N_("Total price"),
    N_("Duration in days"),
    N_("Written note on the change or supplement"),
    N_("Choose a workbook (xlsx) first."),
    N_("%(lines)s lines in %(sections)s sections were read and saved with the tender file."),
    N_("The workbook cannot be taken as it is: %(n)s findings."),
    N_("The bill of quantities was taken out of the tender file."),
)


def finding(kind: str) -> str:
    """The sentence for a kind of finding."""
    return str(gettext(FINDINGS[kind])) if kind in FINDINGS else kind


_REASON = re.compile(r"(.+?)(?: \((.*)\))?")


def unusable(text: str) -> str:
    """Why something could not be read, in the reader's language; "" for what has no words but a program's own."""
    said = _REASON.fullmatch(text)
    if said is None or said[1] not in UNUSABLE:
        return ""
    # A limit or the headings that lack; what a library says of itself helps nobody here.
    detail = said[2] if said[2] and re.match(r"[>\u4e00-\u9fff]", said[2]) else ""
    return str(gettext(UNUSABLE[said[1]])) + (f" ({detail})" if detail else "")
