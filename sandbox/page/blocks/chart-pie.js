// Pie charts.

import { svg } from "../dom.js";

export const PIE_SIZE = 200;
const CENTRE = PIE_SIZE / 2;
const RADIUS = 92;

const around = (turn) => {
  const angle = (turn - 0.25) * 2 * Math.PI;
  return `${(CENTRE + RADIUS * Math.cos(angle)).toFixed(2)} ${(CENTRE + RADIUS * Math.sin(angle)).toFixed(2)}`;
};

/** One slice per positive value, clockwise from the top. */
export function pieMarks({ categories, series }) {
  const values = series[0].values.map((value) => (value > 0 ? value : 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  let turned = 0;
  return values
    .map((value, index) => {
      if (value === 0) return null;
      const [from, to] = [turned, turned + value / total];
      turned = to;
      const name = svg("title", {}, `${categories[index]}: ${value.toLocaleString("en-US")}`);
      const className = `slice series-${index % 12}`;
      if (value === total) return svg("circle", { class: className, cx: CENTRE, cy: CENTRE, r: RADIUS }, name);
      const large = to - from > 0.5 ? 1 : 0;
      return svg(
        "path",
        { class: className, d: `M${CENTRE} ${CENTRE}L${around(from)}A${RADIUS} ${RADIUS} 0 ${large} 1 ${around(to)}Z` },
        name,
      );
    })
    .filter(Boolean);
}
