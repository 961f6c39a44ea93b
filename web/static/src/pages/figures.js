/** Pictures of tables: each [data-chart] draws the table it names; the table stays beside it for those who read. */
import "../css/figures.css";
import { BarChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

echarts.use([BarChart, GridComponent, SVGRenderer]);
const WAN = 10_000;

/** @param {HTMLElement} box */
function draw(box) {
  const rows = [...document.querySelectorAll(`#${box.dataset.of} tbody tr`)];
  const names = rows.map((row) => row.cells[0].textContent);
  const values = rows.map((row) => Number(row.querySelector("[data-value]").dataset.value) / WAN);
  const columns = box.dataset.chart === "columns";
  const words = { type: "category", data: names, inverse: !columns, axisLabel: { hideOverlap: columns, width: 110, overflow: "truncate" } };
  const numbers = { type: "value", axisLabel: { formatter: (value) => value.toLocaleString(), hideOverlap: true } };
  if (!columns) box.style.height = `${Math.max(6, 2 + rows.length * 1.75)}rem`;
  const chart = echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 4, right: 24, top: 12, bottom: 4, containLabel: true },
    xAxis: columns ? words : numbers,
    yAxis: columns ? numbers : words,
    series: [{ type: "bar", data: values, itemStyle: { color: "#1a5fb4" }, barMaxWidth: 22 }],
  });
  addEventListener("resize", () => chart.resize());
}

for (const box of document.querySelectorAll("[data-chart]")) draw(box);
