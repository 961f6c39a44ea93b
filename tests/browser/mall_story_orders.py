"""Lives of orders: contract, deliveries, notes, invoices, payments, rating; returns, disputes; statements."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Locator, expect

from tests.browser.mall_story_people import Shopper, Story

LETTER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SIGN = "#order-acts a[href^='/papers/']"


class OrderStages(Story):
    def order(self, who: str, name: str) -> Shopper:
        """At the order's page, come to from the list of orders."""
        person = self.person(who).go("/mall/orders")
        person.follow(f"a[href='/mall/orders/{self.orders[name]}']")
        return person

    def state(self, person: Shopper, text: str) -> None:
        person.see("#order-line .badge", text)

    # -- steps that most orders take ----------------------------------------------------------------------------------

    def sent(self, supplier: str, name: str, pieces: int | None = None) -> None:
        person = self.order(supplier, name)
        if pieces is not None:
            person.form("order.ship").locator("[name^='lines.']").fill(str(pieces))
        person.press("order.ship", carrier="邮政快递", tracking="9700012345")

    def accepted(self, buyer: str, supplier: str, name: str, refused: int = 0) -> None:
        """Received, inspected, the note signed by the buyer and then by the supplier."""
        person = self.order(buyer, name)
        person.press("order.receive")
        if refused:
            self._refuse(person, refused)
        person.press("order.inspect")
        self.signed_paper(buyer, SIGN)
        self.order(supplier, name)
        self.signed_paper(supplier, SIGN)

    def _refuse(self, person: Shopper, refused: int) -> None:
        form = person.form("order.inspect")
        came = int(form.locator("[name$='.accepted']").input_value())
        form.locator("[name$='.accepted']").fill(str(came - refused))
        person.refused(form, "等于")  # the pieces do not add up
        form.locator("[name$='.refused']").fill(str(refused))
        form.locator("[name$='.reason']").fill("椅背开裂")

    def paid(self, buyer: str, supplier: str, name: str, number: str) -> None:
        person = self.order(supplier, name)
        form = person.form("order.invoice")
        (path := self.folder / "发票.pdf").write_bytes(LETTER)
        form.locator("#i-file").set_input_files(path)
        person.press("order.invoice", number=number)
        person.see("#order-money", number)
        payer = self.order(buyer, name)
        assert payer.fetch("#order-money a[href*='/invoices/']") == LETTER
        payer.press("order.pay", bank_ref=f"回单{number[-4:]}")
        self.state(payer, "已付款")

    # -- lives --------------------------------------------------------------------------------------------------------

    def contracted(self) -> None:
        """With a contract signed by both, two deliveries, an invoice, its payment, a rating and its answer."""
        supplier, buyer = "bidder1", "handler"
        seller = self.order(supplier, "computers")
        seller.press("order.confirm")
        expect(seller.at("[data-one='order.ship'] button")).to_be_disabled()
        self.order(buyer, "computers").press("order.contract")
        self.signed_paper(buyer, SIGN)
        self.order(supplier, "computers")
        self.signed_paper(supplier, SIGN)
        seller.until(f"/mall/orders/{self.orders['computers']}", "#order-line .badge", "合同已签订")
        assert seller.fetch("#order-papers a[href*='/papers/']").startswith(b"%PDF-")
        for pieces in (2, 1):
            self.sent(supplier, "computers", pieces)
            self.accepted(buyer, supplier, "computers")
            seller.until(f"/mall/orders/{self.orders['computers']}", "#order-sent", "已验收")
        seller.until(f"/mall/orders/{self.orders['computers']}", "#order-line .badge", "已验收")
        self.paid(buyer, supplier, "computers", "26420000000000000001")
        rater = self.order(buyer, "computers")
        rater.press("order.rate", goods=5, delivery=4, service=5, text="送货及时")
        self.order(supplier, "computers").press("order.answer_rating", text="感谢支持")
        self.order(buyer, "computers").see("#order-rating", "感谢支持")

    def partly_refused(self) -> None:
        """One of nine chairs is refused at the inspection; the rest is paid."""
        supplier, buyer = "bidder2", "handler"
        self.order(supplier, "chairs").press("order.confirm")
        self.sent(supplier, "chairs")
        self.accepted(buyer, supplier, "chairs", refused=1)
        self.person(supplier).until(f"/mall/orders/{self.orders['chairs']}", "#order-sent", "椅背开裂")
        self.paid(buyer, supplier, "chairs", "26420000000000000002")

    def _answer(self, person: Shopper, act: str, agree: bool, reason: str = "") -> None:
        form = person.form(act)
        form.locator(f"[name=accept][value={str(agree).lower()}]").check()
        person.press(act, **({"reason": reason} if reason else {}))

    def returned(self) -> None:
        """Paid, then one piece goes back: agreed to, a red invoice, the refund."""
        supplier, buyer = "bidder1", "nurse"
        self.order(supplier, "returned").press("order.confirm")
        self.sent(supplier, "returned")
        self.accepted(buyer, supplier, "returned")
        self.person(supplier).until(f"/mall/orders/{self.orders['returned']}", "#order-line .badge", "已验收")
        self.paid(buyer, supplier, "returned", "26420000000000000003")
        person = self.order(buyer, "returned")
        form = person.form("order.ask_return")
        form.locator("[name^='lines.']").fill("1")
        person.press("order.ask_return", reason="气压杆失灵")
        self._answer(self.order(supplier, "returned"), "order.answer_return", True)
        seller = self.order(supplier, "returned")
        seller.press("order.take_back", red__number="26420000000000000004", refund__bank_ref="退款0001")
        self.order(buyer, "returned").see("#order-money", "-420")

    def disputed(self) -> None:
        """Messages, a dispute, the centre's decision: two of four under way count as accepted."""
        supplier, buyer = "bidder2", "nurse"
        self.order(supplier, "disputed").press("order.confirm")
        self.sent(supplier, "disputed")
        self.order(supplier, "disputed").press("order.say", text="货已发出，请安排收货")
        person = self.order(buyer, "disputed")
        person.see("#order-said", "请安排收货")
        person.press("order.dispute", reason="两把与约定型号不符")
        centre = self.order("centre1", "disputed")
        form = self._outcome(centre, "accept")
        form.locator("xpath=ancestor::details[1]/summary").click()
        form.locator("[name^='lines.']").fill("2")
        centre.press_in(form, reason="两把合格，另两把退回供应商")
        self.order(buyer, "disputed").see("#order-requests", "另两把退回")

    def _outcome(self, centre: Shopper, outcome: str) -> Locator:
        return centre.at(f"form[data-act='order.decide']:has(input[name=outcome][value={outcome}])")

    def called_off(self) -> None:
        """Cancelled by the buyer, declined by the supplier, called off by both at the second try."""
        person = self.order("nurse", "cancelled")
        person.press("order.cancel", reason="需求变更")
        self.state(person, "已取消")
        seller = self.order("bidder2", "declined")
        seller.press("order.decline", reason="该款缺货")
        self.state(seller, "已取消")
        self.order("bidder1", "called_off").press("order.confirm")
        self.order("nurse", "called_off").press("order.ask_cancel", reason="科室搬迁")
        self._answer(self.order("bidder1", "called_off"), "order.answer_cancel", False, "货已备妥")
        self.order("nurse", "called_off").press("order.ask_cancel", reason="科室确已撤销")
        self._answer(self.order("bidder1", "called_off"), "order.answer_cancel", True)
        self.state(self.order("nurse", "called_off"), "已取消")

    def statements(self) -> None:
        """Each side's statement says the same as the orders; workbook and PDF are opened."""
        for who in ("handler", "nurse", "bidder1", "bidder2", "bidder3"):
            person = self.person(who).go("/mall/orders")
            person.follow("a[href='/mall/orders/statement']")
            person.at("#period").select_option("2026")
            person.page.wait_for_url("**period=2026**")
            person.look()
            book = person.saved("a[href^='/mall/orders/statement.xlsx']", f"对账单-{who}.xlsx")
            total = Decimal(person.read("[data-sum=total]").split()[0].replace(",", ""))
            assert self._column(book, "订单金额") == total, who
            assert person.saved("a[href^='/mall/orders/statement.pdf']", "对账单.pdf").read_bytes()[:5] == b"%PDF-"

    def _column(self, path: Path, head: str) -> Decimal:
        """The sum of a column's rows of orders, without the last line of sums."""
        rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
        at = next(n for n, row in enumerate(rows) if any(head in str(cell) for cell in row))
        place = next(n for n, cell in enumerate(rows[at]) if head in str(cell))
        numbers = [row for row in rows[at + 1 :] if str(row[1] or "").startswith("DD")]
        return sum((Decimal(str(row[place])) for row in numbers), Decimal(0))
