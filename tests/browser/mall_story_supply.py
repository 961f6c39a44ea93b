"""Supplying: entries, a template, items by form and by file, their review; prices watched, reported, mended."""

from __future__ import annotations

import json
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Locator, expect

from tests.browser.mall_story_people import SUPPLIERS, Shopper, Story
from tests.browser.test_supply_pages import photo

PC, CHAIR, PAPER = "A02010105", "A05010301", "A05040101"
COMPUTERS, ITS, FURNITURE, HUBEI, DISTRICT = "A02010100", "A02000000", "A05000000", "420000", "420112"
PROMISE = "三日内送达，七日内无理由退换"


class SupplyStages(Story):
    def local_numbers(self) -> None:
        """The centre keeps the limit of direct purchase and the threshold of open tendering, with their source."""
        centre = self.person("centre1").go("/mall/buying/rules")
        source = "东财采〔2026〕1号"
        centre.press("parameter.set", rule="BUY-DIRECT-ORDER", category="A", value="50000", level="0", source=source)
        centre.press("parameter.set", rule="BUY-SPLIT", category="A", value="20000", level="3", source=source)
        centre.see("#list >> xpath=../..", "20,000")

    def template(self) -> None:
        centre = self.person("centre1").go("/mall/review/templates")
        centre.choose("category", COMPUTERS)
        with centre.page.expect_navigation():
            centre.at("form:has(#p-category) button").click()
        centre.look()
        rows = centre.at("[data-rows] [data-row]")
        for place, said in enumerate((("内存", "number", "GB", ""), ("操作系统", "choice", "", "麒麟，统信"))):
            centre.at("[data-add-row]").click()
            for key, value in zip(("name", "kind", "unit", "choices"), said, strict=True):
                cell = rows.nth(place).locator(f'[data-key="{key}"]')
                cell.select_option(value) if key == "kind" else cell.fill(value)
            rows.nth(place).locator('[data-key="required"]').check()
        centre.press("mall_template.save")
        centre.see("#kept >> xpath=../..", "计算机")

    # -- entries ------------------------------------------------------------------------------------------------------

    def entries(self) -> None:
        """Three apply; two enter at once, one is turned down, mends its application and enters."""
        for who in ("bidder1", "bidder2", "bidder3"):
            self._apply(who, "" if who == "bidder3" else PROMISE)
        desk = self.person("centre1").go("/mall/review")
        for who in ("bidder1", "bidder2"):
            self._decide(desk, who, True)
        self._decide(desk, "bidder3", False, "服务承诺不明确")
        third = self.person("bidder3").go("/mall/supply")
        third.see("#apply >> xpath=../..", "服务承诺不明确")
        third.press("supplier.apply", promise=PROMISE)
        self._decide(desk.go("/mall/review"), "bidder3", True)
        third.go("/mall/supply").see("#entry >> xpath=../..", "有效")

    def enter(self, who: str) -> None:
        """One supplier, applied for and let in."""
        self._apply(who, PROMISE)
        self._decide(self.person("centre1").go("/mall/review"), who, True)
        self.person(who).go("/mall/supply").see("#entry >> xpath=../..", "有效")

    def _apply(self, who: str, promise: str) -> None:
        person = self.person(who).go("/mall/supply")
        for name, code in (("categories", ITS), ("categories", FURNITURE), ("regions", HUBEI)):
            person.choose(name, code)
        person.press("supplier.apply", promise=promise or "尽快送达")
        person.see("#entry >> xpath=../..", "信用分")

    def _decide(self, desk: Shopper, who: str, approve: bool, reason: str = "") -> None:
        row = desk.at("[data-supplier]", has_text=SUPPLIERS[who])
        form = row.locator(f'form:has(input[name=approve][value="{str(approve).lower()}"])')
        desk.press_in(form, **({"reason": reason} if reason else {}))

    # -- items --------------------------------------------------------------------------------------------------------

    def items_by_form(self) -> None:
        """Two of the first supplier, one of the third: pictures, marks, regions; what the template asks is asked."""
        first = self.person("bidder1")
        picture = photo(self.folder / "照片.png")
        mark = {"certificates__energy__number": "节能0001", "certificates__energy__until": "2027-12-31"}
        self._write(first, PC, "台式计算机", picture=picture, sku="T-1", brand="示例甲", model="T510", unit="台",
                    price="4980", stock="40", **mark)  # fmt: skip
        self.items["pc1"] = first.last
        first.refused(first.form("item.submit"), "模板")
        self._specify(first)
        first.press("item.submit")
        self._write(first, CHAIR, "办公椅", sku="C-1", brand="示例木业", model="C10", unit="把", price="420",
                    stock="200")  # fmt: skip
        self.items["chair1"] = first.last
        first.press("item.submit")
        third = self.person("bidder3")
        self._write(third, PC, "台式计算机", sku="H-1", brand="示例丙", model="H300", unit="台", price="5200",
                    stock="30", elsewhere="4900", elsewhere_url="https://example.com/h300")  # fmt: skip
        self.items["pc3"] = third.last
        third.see("#stands >> xpath=../..", "4900")  # the price watch already says it
        self._specify(third)
        third.refused(third.form("item.submit"), "4900")
        third.press("item.save", price="4899")
        third.press("item.submit")

    def _write(self, person: Shopper, code: str, name: str, *, picture: Path | None = None, **values: str) -> None:
        person.go("/mall/supply/items/new")
        person.choose("category", code)
        with person.page.expect_navigation():
            person.at("form:has(#p-category) button").click()
        person.look()
        person.choose("regions", HUBEI)
        if picture:
            person.at("#pictures").set_input_files(picture)
            expect(person.at("[data-shown] img")).to_have_count(1)
        person.press("item.save", name=name, **values)
        person.see("#stands >> xpath=../..", "草稿")

    def _specify(self, person: Shopper) -> None:
        form = person.form("item.save")
        form.locator('[name="specs.内存"]').fill("16")
        form.locator('[name="specs.操作系统"]').select_option("麒麟")
        person.press("item.save")

    def items_by_file(self) -> None:
        """The category's workbook is fetched, filled in wrongly and then rightly; handed in at once."""
        second = self.person("bidder2").go("/mall/supply/import")
        second.choose("category", PC)
        blank = second.saved('form[action="/mall/supply/template.xlsx"] button', "模板.xlsx")
        machine = {"品目编码": PC, "名称": "台式计算机", "品牌": "示例乙", "计量单位": "台", "库存": "50",
                   "配送区域编码": HUBEI, "规格:内存": "16", "规格:操作系统": "统信"}  # fmt: skip
        rows = [machine | {"货号": f"F-{n}", "型号": f"F{n}00", "单价(元)": str(5000 + n)} for n in (1, 2)]
        rows.append({"货号": "F-3", "品目编码": CHAIR, "名称": "办公椅", "品牌": "示例木业", "型号": "C10",
                     "计量单位": "把", "单价(元)": "430", "库存": "90", "配送区域编码": HUBEI})  # fmt: skip
        bad = [rows[0] | {"单价(元)": "贵"}, rows[1] | {"库存": "无"}, rows[2]]
        self._load(second, self._filled(blank, bad, "错误.xlsx"))
        expect(second.at("[data-fault]")).to_have_count(2)
        whole = json.loads(second.fetch('a[href$=".json"]'))
        assert len(whole) == 2
        self._load(second.go("/mall/supply/import"), self._filled(blank, rows, "商品.xlsx"))
        second.see("main", "3")
        second.go("/mall/supply?state=pending")
        expect(second.at("tr[data-item]")).to_have_count(3)
        for name, sku in (("pc2", "F-1"), ("pc2b", "F-2"), ("chair2", "F-3")):
            row = second.at("tr[data-item]", has_text=sku)
            self.items[name] = str(row.get_attribute("data-item"))

    def _filled(self, blank: Path, rows: list[dict[str, str]], name: str) -> Path:
        book = load_workbook(blank)
        page = book.worksheets[0]
        at = next(row for row in page.iter_rows() if "货号" in [one.value for one in row])
        heads = {str(one.value): one.column for one in at if one.value}
        for number, row in enumerate(rows, at[0].row + 1):
            for column in heads.values():
                page.cell(number, column).value = None
            for key, value in row.items():
                page.cell(number, heads[key]).value = value
        book.save(path := self.folder / name)
        return path

    def _load(self, person: Shopper, path: Path) -> None:
        person.at("#file").set_input_files(path)
        person.at("input[name=submit]").check()
        with person.page.expect_navigation():
            person.at('form[action="/mall/supply/import"] button').click()
        person.look()

    # -- review and patrol --------------------------------------------------------------------------------------------

    def listing(self) -> None:
        """One is refused with a reason, the others are listed; what was refused is mended and comes again."""
        desk = self.person("centre1").go("/mall/review")
        self._tick(desk, "chair1")
        desk.press("item.review", approve="false", reason="图片缺失")
        desk.at('[data-all="items"]').check()
        desk.press("item.review", approve="true")
        first = self.person("bidder1").go("/mall/supply?state=refused")
        first.see("tr[data-item]", "图片缺失")
        first.follow("tr[data-item] a")
        first.at("#pictures").set_input_files(self.folder / "照片.png")
        expect(first.at("[data-shown] img")).to_have_count(1)
        first.press("item.save")
        first.go("/mall/supply?state=refused")
        first.at(f'input[name=items][value="{self.items["chair1"]}"]').check()
        first.press("item.submit")
        self._tick(desk.go("/mall/review"), "chair1")
        desk.press("item.review", approve="true")
        first.go(f"/mall/supply/items/{self.items['chair1']}").see("#stands >> xpath=../..", "已上架")

    def _tick(self, desk: Shopper, name: str) -> None:
        desk.at(f'input[name=items][value="{self.items[name]}"]').check()

    def reported(self) -> None:
        """A buyer reports a price; the officer blocks the item; the supplier puts it right; it is listed again."""
        item = self.items["pc2b"]
        nurse = self.person("nurse").go(f"/mall/items/{item}")
        nurse.press("flag.report", text="门店同款更低", url="https://example.com/cheap")
        nurse.see("#mine >> xpath=../..", "门店同款更低")
        officer = self.person("patrol").go("/mall/patrol")
        officer.press_in(self._task(officer, "门店同款更低"), outcome="block", reason="核查属实，先行停售")
        nurse.go("/mall/patrol/mine").see("main", "核查属实")
        nurse.go(f"/mall/items/{item}").see("main [role=status]", "暂不供应")
        second = self.person("bidder2").go(f"/mall/supply/items/{item}")
        second.see("#flags >> xpath=../..", "门店同款更低")
        assert "医院" not in second.read("main"), "the supplier does not learn who reported"
        second.press("item.save", price="4800")
        second.go("/mall/supply").press("flag.answer", text="已按门店价调整")
        officer.go("/mall/patrol?state=blocked")
        officer.see("[data-flag]", "已按门店价调整")
        officer.press_in(self._task(officer, "门店同款更低"), outcome="release", reason="价格已改正")
        nurse.go(f"/mall/items/{item}").see(".gh-price-big", "4,800")
        expect(nurse.at("[data-act='cart.put'] button")).to_be_enabled()

    def _task(self, officer: Shopper, text: str) -> Locator:
        return officer.at("[data-flag]", has_text=text).locator("form")

    def watched(self) -> None:
        """A sudden rise is refused outright, a smaller one marked and confirmed by the officer; the month's sample."""
        first = self.person("bidder1").go(f"/mall/supply/items/{self.items['pc1']}")
        first.refused(first.form("item.save"), "7470", price="7500")
        first.press("item.save", price="6000")
        first.see("#flags >> xpath=../..", "6,000")
        officer = self.person("patrol").go("/mall/patrol")
        officer.press_in(self._task(officer, "台式计算机"), outcome="confirm", reason="涨幅过大，请改正")
        first.go("/mall/supply").press("flag.answer", text="已恢复原价")
        first.go(f"/mall/supply/items/{self.items['pc1']}").press("item.save", price="4980")
        officer.go("/mall/patrol?state=confirmed")
        officer.press_in(self._task(officer, "已恢复原价"), outcome="release", reason="已恢复")
        officer.go("/mall/patrol").press("patrol.draw")
        officer.see("#samples >> xpath=../..", "2026-03")
        officer.go(f"/mall/patrol/items/{self.items['pc1']}").see("main", "4,980")

    def suspended(self) -> None:
        """Points are taken and answered; the regulator suspends; its items are gone, its own page says so; lifted."""
        officer = self.person("patrol").go("/mall/review/suppliers")
        officer.follow("tbody a:has-text('汉水')")
        supplier = officer.last
        officer.press("supplier.credit", ground="CREDIT-LATE", evidence="逾期两日送达")
        third = self.person("bidder3").go("/mall/supply")
        third.press("credit.answer", text="因暴雨道路中断")
        regulator = self.person("regulator").go("/mall/review/suppliers")
        regulator.press("credit.settle", keep="true", reason="未提前告知")
        regulator.go(f"/mall/review/suppliers/{supplier}").press("supplier.suspend", days="30", reason="多次逾期")
        third.go("/mall/supply").see("#entry >> xpath=../..", "多次逾期")
        expect(third.at("a[href='/mall/supply/items/new']")).to_have_count(0)
        third.go(f"/mall/supply/items/{self.items['pc3']}")
        buyer = self.person("handler").go(f"/mall/items/{self.items['pc3']}")
        buyer.see("main [role=status]", "暂不供应")
        expect(buyer.go("/mall?q=H300").at("article.gh-item")).to_have_count(0)
        regulator.go(f"/mall/review/suppliers/{supplier}").press("supplier.lift", reason="整改完毕")
        expect(buyer.go("/mall?q=H300").at("article.gh-item")).to_have_count(1)
        third.go("/mall/supply").see("#entry >> xpath=../..", "有效")
