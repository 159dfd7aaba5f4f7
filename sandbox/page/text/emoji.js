// Emoji: names to characters, and the status marks drawn here, so that they look the same on every system.

import { h, svg } from "../dom.js";

const CHARACTERS = {
  red_circle: "🔴",
  large_orange_circle: "🟠",
  large_yellow_circle: "🟡",
  large_green_circle: "🟢",
  large_blue_circle: "🔵",
  white_circle: "⚪",
  black_circle: "⚫",
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  x: "❌",
  warning: "⚠️",
  hourglass: "⌛",
  hourglass_flowing_sand: "⏳",
  eyes: "👀",
  "+1": "👍",
  thumbsup: "👍",
  "-1": "👎",
  rocket: "🚀",
  tada: "🎉",
  wave: "👋",
  fire: "🔥",
  bell: "🔔",
  no_bell: "🔕",
  lock: "🔒",
  mag: "🔍",
  wrench: "🔧",
  hammer_and_wrench: "🛠️",
  rewind: "⏪",
  leftwards_arrow_with_hook: "↩️",
  arrows_counterclockwise: "🔄",
  bulb: "💡",
  bar_chart: "📊",
  chart_with_upwards_trend: "📈",
  clipboard: "📋",
  memo: "📝",
  link: "🔗",
  question: "❓",
  exclamation: "❗",
  information_source: "ℹ️",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  stopwatch: "⏱️",
  clock1: "🕐",
  speech_balloon: "💬",
  rotating_light: "🚨",
  robot_face: "🤖",
  heart: "❤️",
  pray: "🙏",
  clap: "👏",
  slightly_smiling_face: "🙂",
};

const circle = (fill, stroke = "none") => [svg("circle", { cx: 8, cy: 8, r: 6.6, fill, stroke, "stroke-width": 1.2 })];
const line = (d, stroke, width = 2) =>
  svg("path", {
    d,
    fill: "none",
    stroke,
    "stroke-width": width,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  });

const DRAWN = {
  "🔴": () => circle("#de2f45"),
  "🟠": () => circle("#f0862c"),
  "🟡": () => circle("#f2c12e"),
  "🟢": () => circle("#3fa650"),
  "🔵": () => circle("#2f7fd6"),
  "⚪": () => circle("#e2e5e8", "#9aa2ab"),
  "⚫": () => circle("#3a3f45", "#8b9199"),
  "✅": () => [
    svg("rect", { x: 1.2, y: 1.2, width: 13.6, height: 13.6, rx: 3, fill: "#3fa650" }),
    line("M4.4 8.4 7 11l4.8-5.8", "#fff"),
  ],
  "❌": () => [line("M3.4 3.4 12.6 12.6M12.6 3.4 3.4 12.6", "#de2f45", 2.8)],
  "⚠️": () => [
    svg("path", {
      d: "M8 1.8 15 14.2H1Z",
      fill: "#f2c12e",
      stroke: "#b98a00",
      "stroke-width": 0.9,
      "stroke-linejoin": "round",
    }),
    line("M8 6v4", "#3b2f00", 1.7),
    svg("circle", { cx: 8, cy: 12.2, r: 1, fill: "#3b2f00" }),
  ],
  "⌛": () => hourglass(),
  "⏳": () => hourglass(),
  "👀": () => [
    ...[4.4, 11.6].map((cx) =>
      svg("ellipse", { cx, cy: 8, rx: 3.4, ry: 5.2, fill: "#fff", stroke: "#5b6169", "stroke-width": 1 }),
    ),
    ...[3.4, 10.6].map((cx) => svg("circle", { cx, cy: 8.6, r: 1.7, fill: "#23272b" })),
  ],
  "👍": () => [
    svg("path", {
      d: "M2 7.4h2.6v6.4H2zM5.6 7.6 8.3 2c1.4 0 2 .9 1.7 2.3L9.5 6.4h3.4c1 0 1.6.8 1.3 1.8l-1.3 4.4c-.2.8-.9 1.2-1.6 1.2H7.4c-.7 0-1.2-.2-1.8-.7z",
      fill: "#f2b632",
      stroke: "#a87400",
      "stroke-width": 0.8,
      "stroke-linejoin": "round",
    }),
  ],
};

function hourglass() {
  return [
    svg("path", {
      d: "M4 2.5h8c0 3-3 4-3 5.5s3 2.5 3 5.5H4c0-3 3-4 3-5.5S4 5.5 4 2.5Z",
      fill: "#f5deb0",
      stroke: "#8a6420",
      "stroke-width": 1,
    }),
    line("M3.2 2.2h9.6M3.2 13.8h9.6", "#8a6420", 1.6),
  ];
}

const NAMES = new Map(
  Object.entries(CHARACTERS)
    .map(([name, character]) => [character, name])
    .reverse(),
);
const DRAWN_PATTERN = new RegExp(Object.keys(DRAWN).join("|"), "u");
const bare = (character) => character.replace("\uFE0F", "");

/** The node of :name:, or null if the name is not known here. */
export function emojiByName(name) {
  const known = Object.hasOwn(CHARACTERS, name);
  return known ? emojiNode(CHARACTERS[name]) : null;
}

/** A character as a picture with its name; the character itself stays in the text, for copying and search. */
export function emojiNode(character) {
  const drawing = DRAWN[character] ?? DRAWN[`${bare(character)}\uFE0F`];
  const name = (NAMES.get(character) ?? "emoji").replaceAll("_", " ");
  if (!drawing) return h("span", { class: "emoji", title: name }, character);
  return h(
    "span",
    { class: "emoji", title: name },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, ...drawing()),
    h("span", { class: "sr-only" }, character),
  );
}

/** Text nodes and pictures for a plain string; characters without a drawing are left to the system's font. */
export function withEmoji(text) {
  const nodes = [];
  let rest = text;
  for (let found = DRAWN_PATTERN.exec(rest); found; found = DRAWN_PATTERN.exec(rest)) {
    if (found.index) nodes.push(document.createTextNode(rest.slice(0, found.index)));
    nodes.push(emojiNode(found[0]));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) nodes.push(document.createTextNode(rest));
  return nodes;
}

/** Text in which :names: are drawn as well; unknown names stay as they are. */
export function plainText(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).flatMap((part) => {
    const name = /^:([a-z0-9_+-]+):$/.exec(part)?.[1];
    return (name && emojiByName(name)) || withEmoji(part);
  });
}
