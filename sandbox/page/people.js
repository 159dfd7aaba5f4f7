// Avatars and names.

import { h, svg } from "./dom.js";

const HUES = ["aubergine", "blue", "teal", "brick", "olive", "plum", "slate", "rust"];

/** A square with initials in a colour that belongs to the id; whybot has its own mark. */
export function avatar(id, name, { bot = false, size = "" } = {}) {
  if (bot) return h("span", { class: `avatar mark ${size}`, "aria-hidden": "true" }, whybotMark());
  const hue = id === "USLACKBOT" ? "slate" : HUES[hash(id) % HUES.length];
  return h("span", { class: `avatar hue-${hue} ${size}`, "aria-hidden": "true" }, initials(name));
}

/** whybot's mark: a question whose point is lit. */
export function whybotMark() {
  return svg(
    "svg",
    { viewBox: "0 0 36 36" },
    svg("path", {
      d: "M11.5 13.2a6.5 6.5 0 1 1 9.6 5.7c-2.1 1.2-3.1 2.2-3.1 4.3",
      fill: "none",
      stroke: "#fff",
      "stroke-width": 3.4,
      "stroke-linecap": "round",
    }),
    svg("circle", { cx: 18, cy: 28.6, r: 2.3, fill: "#7fe3c4" }),
  );
}

function hash(text) {
  let value = 7;
  for (const letter of text) value = (value * 31 + letter.codePointAt(0)) % 9973;
  return value;
}

function initials(name) {
  const words = (name || "?").split(/[\s._-]+/).filter(Boolean);
  return words
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join("");
}

/** {name, title, app} of a message's sender. */
export function sender(message, names) {
  const person = names.people.get(message.user);
  const slackbot = message.user === "USLACKBOT" ? "Slackbot" : null;
  return {
    id: message.user ?? message.bot_id ?? "?",
    name: message.username || person?.name || slackbot || message.user || "unknown",
    title: [person?.real_name, person?.role].filter(Boolean).join(", "),
    app: Boolean(message.bot_id || person?.is_bot),
    whybot: message.user === names.bot,
  };
}
