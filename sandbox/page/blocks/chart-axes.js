// Line, bar and area charts: scale, axes, marks.

import { svg } from "../dom.js";

export const WIDTH = 560;
export const HEIGHT = 240;
const BOX = { left: 56, right: 12, top: 12, bottom: 44 };
const WANTED_TICKS = 5;

/** Steps of 1, 2 or 5 times a power of ten that cover low to high. */
export function niceTicks(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / (WANTED_TICKS - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const ticks = [];
  for (let at = Math.floor(low / step + 1e-9); at * step < high + step * 0.999; at += 1)
    ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

/** {ticks, x(index), y(value), band}: from values to places. Bars and areas stand on zero. */
export function scaleOf(model, type) {
  const values = model.series.flatMap((series) => series.values).filter((value) => Number.isFinite(value));
  const least = Math.min(...values, 0);
  const most = Math.max(...values, least === 0 && values.length === 0 ? 1 : 0);
  const ticks = niceTicks(least, most);
  const inner = { width: WIDTH - BOX.left - BOX.right, height: HEIGHT - BOX.top - BOX.bottom };
  const band = inner.width / Math.max(model.categories.length, 1);
  const spread = type === "bar" || model.categories.length < 2;
  const stride = spread ? band : (inner.width - 24) / (model.categories.length - 1);
  return {
    ticks,
    band,
    x: (index) => BOX.left + (spread ? band * (index + 0.5) : 12 + stride * index),
    y: (value) => BOX.top + inner.height * (1 - (value - ticks[0]) / (ticks.at(-1) - ticks[0])),
  };
}

/** Grid lines, tick labels, category labels, axis titles. */
export function axes(model, scale) {
  const base = HEIGHT - BOX.bottom;
  const each = Math.max(1, Math.ceil(model.categories.length / 8));
  const text = (x, y, anchor, words, className = "tick") =>
    svg("text", { x, y, "text-anchor": anchor, class: className }, words);
  return [
    ...scale.ticks.map((tick) =>
      svg("line", {
        class: tick === 0 ? "zero" : "gridline",
        x1: BOX.left,
        x2: WIDTH - BOX.right,
        y1: scale.y(tick),
        y2: scale.y(tick),
      }),
    ),
    ...scale.ticks.map((tick) => text(BOX.left - 8, scale.y(tick) + 4, "end", tick.toLocaleString("en-US"))),
    ...model.categories.map((label, index) =>
      index % each
        ? null
        : text(scale.x(index), base + 16, "middle", label.length > 11 ? `${label.slice(0, 10)}…` : label),
    ),
    model.axis.x_label
      ? text((BOX.left + WIDTH - BOX.right) / 2, HEIGHT - 6, "middle", model.axis.x_label, "axis-label")
      : null,
    model.axis.y_label
      ? svg(
          "text",
          {
            class: "axis-label",
            "text-anchor": "middle",
            transform: `translate(12 ${(BOX.top + base) / 2}) rotate(-90)`,
          },
          model.axis.y_label,
        )
      : null,
  ].filter(Boolean);
}

/** Stretches of points without a gap: a missing value breaks the line. */
function stretches({ values }, scale) {
  const found = [[]];
  values.forEach((value, index) => {
    if (Number.isFinite(value)) found.at(-1).push([scale.x(index), scale.y(value), index]);
    else if (found.at(-1).length) found.push([]);
  });
  return found.filter((stretch) => stretch.length);
}

const path = (points) => points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

/** One line per series with a dot per value. */
export function lineMarks(model, scale) {
  return model.series.flatMap((series, number) =>
    stretches(series, scale).flatMap((points) => [
      svg("path", { class: `line series-${number % 12}`, d: path(points) }),
      ...points.map(([cx, cy, index]) =>
        svg("circle", { class: `dot series-${number % 12}`, cx, cy, r: 3 }, tip(model, series, index)),
      ),
    ]),
  );
}

/** Areas down to zero, with their line. */
export function areaMarks(model, scale) {
  const floor = scale.y(Math.max(scale.ticks[0], 0));
  const fills = model.series.flatMap((series, number) =>
    stretches(series, scale).map((points) =>
      svg("path", {
        class: `area series-${number % 12}`,
        d: `${path(points)}L${points.at(-1)[0].toFixed(1)} ${floor}L${points[0][0].toFixed(1)} ${floor}Z`,
      }),
    ),
  );
  return [...fills, ...lineMarks(model, scale)];
}

/** Bars side by side within each category. */
export function barMarks(model, scale) {
  const width = Math.min(46, (scale.band * 0.72) / model.series.length);
  const zero = scale.y(0);
  return model.series
    .flatMap((series, number) =>
      series.values.map((value, index) => {
        if (!Number.isFinite(value)) return null;
        const left = scale.x(index) + width * (number - model.series.length / 2);
        const top = Math.min(scale.y(value), zero);
        return svg(
          "rect",
          {
            class: `bar series-${number % 12}`,
            x: left + 1,
            y: top,
            width: Math.max(width - 2, 1),
            height: Math.max(Math.abs(scale.y(value) - zero), 1),
            rx: 2,
          },
          tip(model, series, index),
        );
      }),
    )
    .filter(Boolean);
}

function tip(model, series, index) {
  return svg(
    "title",
    {},
    `${series.name}, ${model.categories[index]}: ${series.values[index].toLocaleString("en-US")}`,
  );
}
