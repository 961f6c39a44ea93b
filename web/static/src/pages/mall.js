/** The price history of an item as a picture; the same numbers stand in the table beside it. */
import "../css/mall.css";
import { t } from "./words.js";

const box = document.querySelector("[data-prices]");

function draw() {
  const steps = JSON.parse(box.dataset.prices).map((step) => [step.at, Number(step.price)]);
  const chart = window.echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => `¥${value.toFixed(2)}` },
    xAxis: { type: "time", axisLabel: { hideOverlap: true, formatter: "{yyyy}-{MM}-{dd}" } },
    yAxis: { type: "value", scale: true, axisLabel: { formatter: "¥{value}" } },
    series: [{ name: t("Item price"), type: "line", step: "end", data: steps, symbolSize: 6, lineStyle: { color: "#1a5fb4" }, itemStyle: { color: "#1a5fb4" } }],
  });
  addEventListener("resize", () => chart.resize());
}

if (box) draw(); // echarts stands before this module in the page
