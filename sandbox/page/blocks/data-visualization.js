// A chart as inline SVG. https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
//   {title, chart: {type: "pie", segments: [{label, value}]}}
//   {title, chart: {type: "line" | "bar" | "area", series: [{name, data: [{label, value}]}], axis_config: {categories, x_label, y_label}}}

import { freshId, h, svg } from "../dom.js";
import { words } from "../text/object.js";
import { areaMarks, axes, barMarks, lineMarks, scaleOf, HEIGHT, WIDTH } from "./chart-axes.js";
import { pieMarks, PIE_SIZE } from "./chart-pie.js";

const MARKS = { line: lineMarks, bar: barMarks, area: areaMarks };

/** The chart, its legend, and the same numbers as a table. */
export function dataVisualization(block, context) {
  const chart = block.chart ?? {};
  const model = chart.type === "pie" ? pieModel(chart) : axisModel(chart);
  const title = words(block.title);
  const picture = model.pie ? pie(model, title) : Object.hasOwn(MARKS, chart.type) ? plot(chart, model, title) : null;
  const fold = `${context.key}/chart/${block.block_id}`;
  const details = h(
    "details",
    { class: "chart-table", open: context.folds.get(fold) ?? false },
    h("summary", { "data-fold": fold, onclick: () => context.folds.set(fold, !details.open) }, "Show as a table"),
    numbers(model, title),
  );
  return h(
    "figure",
    { class: "block-chart" },
    h("figcaption", { class: "chart-title" }, title),
    h(
      "div",
      { class: model.pie ? "chart-body pie" : "chart-body" },
      picture ?? "This kind of chart cannot be drawn here.",
      legend(model),
    ),
    details,
  );
}

function pieModel(chart) {
  const segments = chart.segments ?? [];
  return {
    pie: true,
    categories: segments.map((segment) => segment.label),
    series: [{ name: "value", values: segments.map((segment) => Number(segment.value)) }],
  };
}

function axisModel(chart) {
  const series = chart.series ?? [];
  const categories = chart.axis_config?.categories ?? series[0]?.data?.map((point) => point.label) ?? [];
  return {
    pie: false,
    categories,
    axis: chart.axis_config ?? {},
    series: series.map(({ name, data }) => ({ name, values: categories.map((label) => valueAt(data, label)) })),
  };
}

function valueAt(data, label) {
  const point = (data ?? []).find((candidate) => candidate.label === label);
  return point ? Number(point.value) : null;
}

function plot(chart, model, title) {
  const scale = scaleOf(model, chart.type);
  return drawing(title, describe(model), WIDTH, HEIGHT, [...axes(model, scale), ...MARKS[chart.type](model, scale)]);
}

function pie(model, title) {
  return drawing(title, describe(model), PIE_SIZE, PIE_SIZE, pieMarks(model));
}

function drawing(title, description, width, height, marks) {
  const ids = { title: freshId("chart-title"), desc: freshId("chart-desc") };
  return svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-labelledby": `${ids.title} ${ids.desc}` },
    svg("title", { id: ids.title }, title),
    svg("desc", { id: ids.desc }, description),
    ...marks,
  );
}

function describe(model) {
  return model.series
    .map(
      ({ name, values }) =>
        `${model.pie ? "" : `${name}: `}${values.map((value, index) => `${model.categories[index]} ${value ?? "no value"}`).join(", ")}`,
    )
    .join("; ");
}

function legend(model) {
  const entries = model.pie ? model.categories : model.series.map(({ name }) => name);
  if (!model.pie && entries.length < 2) return null;
  return h(
    "ul",
    { class: "legend" },
    ...entries.map((name, index) =>
      h(
        "li",
        {},
        h("span", { class: `swatch series-${index % 12}`, "aria-hidden": "true" }),
        name,
        model.pie ? h("span", { class: "legend-value" }, share(model, index)) : null,
      ),
    ),
  );
}

function share(model, index) {
  const { values } = model.series[0];
  const total = values.reduce((sum, value) => sum + value, 0);
  return total > 0 ? `${Math.round((100 * values[index]) / total)} %` : "";
}

function numbers(model, title) {
  const cell = (value) =>
    h("td", { class: "align-right number" }, value === null ? "–" : value.toLocaleString("en-US"));
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": `${title}, as a table` },
    h(
      "table",
      { class: "grid" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, ""),
          ...model.series.map(({ name }) => h("th", { scope: "col", class: "align-right" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        ...model.categories.map((label, index) =>
          h("tr", {}, h("th", { scope: "row" }, label), ...model.series.map(({ values }) => cell(values[index]))),
        ),
      ),
    ),
  );
}
