// The page's own pictures, all inline.

import { hiddenText, h, svg } from "./dom.js";

const stroke = {
  fill: "none",
  stroke: "currentColor",
  "stroke-width": 1.7,
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
};

const PATHS = {
  menu: ["M3 5.5h14M3 10h14M3 14.5h14"],
  home: ["M3.5 9.5 10 4l6.5 5.5", "M5.5 8.5V16h9V8.5"],
  chat: ["M4 4.5h12v9H9l-3.5 3v-3H4z"],
  map: ["M10 3.2v4M10 7.2 5 11.5M10 7.2l5 4.3", "M3 12h4v4H3zM13 12h4v4h-4z"],
  traffic: ["M5 7.5h10M12 4.5l3 3-3 3", "M15 13H5M8 10.5 5 13l3 2.5"],
  sun: [
    "M10 6.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8z",
    "M10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1",
  ],
  moon: ["M15.8 12.2A6.5 6.5 0 0 1 7.8 4.2a6.5 6.5 0 1 0 8 8z"],
  send: ["M3.5 4 17 10 3.5 16l1.8-6z", "M5.3 10H11"],
  reply: ["M4 4.5h12v8.5H9.5L6 16v-3H4z", "M7.5 8.8h5"],
  smile: [
    "M10 3.2a6.8 6.8 0 1 1 0 13.6 6.8 6.8 0 0 1 0-13.6z",
    "M7.3 11.8c1.4 1.8 4 1.8 5.4 0",
    "M7.6 8h.01M12.4 8h.01",
  ],
  eye: [
    "M2.5 10s2.7-4.8 7.5-4.8S17.5 10 17.5 10s-2.7 4.8-7.5 4.8S2.5 10 2.5 10z",
    "M10 8.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z",
  ],
  close: ["M5 5l10 10M15 5 5 15"],
  hash: ["M8 3.5 6.5 16.5M13.5 3.5 12 16.5M4 7.5h13M3 12.5h13"],
  down: ["M10 4v11M5.5 10.5 10 15l4.5-4.5"],
  warning: ["M10 3.5 17.5 16h-15z", "M10 8.5v3.5M10 14v.2"],
  copy: ["M7 7h8.5v9.5H7z", "M12.5 7V3.8H4.2v9.4H7"],
};

/** An icon by name, hidden from screen readers: the control around it carries the label. */
export function icon(name) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" },
    ...PATHS[name].map((d) => svg("path", { d, ...stroke })),
  );
}

const STATUS = {
  pending: () => [
    svg("circle", {
      cx: 8,
      cy: 8,
      r: 6,
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 1.6,
      "stroke-dasharray": "2.4 2.3",
    }),
  ],
  in_progress: () => [
    svg("circle", { cx: 8, cy: 8, r: 6, fill: "none", stroke: "currentColor", "stroke-width": 2, opacity: 0.25 }),
    svg("path", {
      d: "M8 2a6 6 0 0 1 6 6",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 2,
      "stroke-linecap": "round",
    }),
  ],
  complete: () => [
    svg("circle", { cx: 8, cy: 8, r: 7, fill: "currentColor" }),
    svg("path", {
      d: "M4.8 8.3 7.1 10.5l4.1-4.8",
      fill: "none",
      stroke: "var(--surface)",
      "stroke-width": 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  ],
  error: () => [
    svg("circle", { cx: 8, cy: 8, r: 7, fill: "currentColor" }),
    svg("path", {
      d: "M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2",
      fill: "none",
      stroke: "var(--surface)",
      "stroke-width": 1.8,
      "stroke-linecap": "round",
    }),
  ],
};

/** The mark of a task's status; `said` is what a screen reader says. */
export function statusIcon(status, said) {
  return h(
    "span",
    { class: `status-icon status-${status}`, title: said },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, ...STATUS[status]()),
    hiddenText(`${said}: `),
  );
}
