// Raw traffic between the bot and Slack, newest first.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { me } from "./state.js";

const DIRECTIONS = [
  ["", "All"],
  ["bot→slack", "bot → Slack"],
  ["slack→bot", "Slack → bot"],
];
const SHOWN = 200;

/** Draws the drawer: a filter by direction, one by words, and the calls. */
export function mountInspector(node, app) {
  const { store, act } = app;
  const filter = { direction: "", text: "" };
  const rows = h("ol", { class: "calls", "data-testid": "calls" });
  const count = h("span", { class: "pane-note", role: "status" });
  const drawn = new Map();
  const update = () => !node.hidden && draw(rows, count, drawn, store.state, filter);
  node.append(
    h(
      "header",
      { class: "pane-header" },
      h("h2", {}, "Raw traffic", count),
      filters(filter, update),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close raw traffic",
          onclick: () => act.togglePanel("inspector", false),
        },
        icon("close"),
      ),
    ),
    h("div", { class: "pane-scroll", tabindex: "0", role: "region", "aria-label": "Calls" }, rows),
  );
  store.watch(["panels"], ({ panels }) => {
    node.hidden = !panels.inspector;
    update();
  });
  store.watch(["calls", "me"], update);
}

function filters(filter, update) {
  const direction = h(
    "select",
    {
      class: "select small",
      "aria-label": "Direction",
      onchange: () => ((filter.direction = direction.value), update()),
    },
    ...DIRECTIONS.map(([value, label]) => h("option", { value }, label)),
  );
  const text = h("input", {
    type: "search",
    class: "text-field small",
    placeholder: "Filter, e.g. chat.update",
    "aria-label": "Filter calls",
    oninput: () => ((filter.text = text.value.toLowerCase()), update()),
  });
  return h("div", { class: "filters" }, direction, text);
}

function draw(rows, count, drawn, state, filter) {
  const tz = me(state)?.tz;
  const wanted = state.calls.filter((call) => matches(call, filter)).slice(0, SHOWN);
  const ids = new Set(wanted.map((call) => call.id));
  for (const [id, row] of drawn) {
    if (ids.has(id)) continue;
    row.node.remove();
    drawn.delete(id);
  }
  wanted.forEach((call, index) => {
    const fingerprint = JSON.stringify(call);
    const old = drawn.get(call.id);
    if (old?.fingerprint !== fingerprint) {
      const node = callRow(call, tz, old?.node.querySelector("details").open ?? false);
      old?.node.remove();
      drawn.set(call.id, { node, fingerprint });
    }
    const { node } = drawn.get(call.id);
    if (rows.children[index] !== node) rows.insertBefore(node, rows.children[index] ?? null);
  });
  count.textContent = state.calls.length ? `${wanted.length} of ${state.calls.length}` : "nothing yet";
}

function matches(call, { direction, text }) {
  if (direction && call.direction !== direction) return false;
  return !text || JSON.stringify(call).toLowerCase().includes(text);
}

function callRow(call, tz, open) {
  const failed = call.answer?.ok === false || Number(call.status) >= 400 || Number.isNaN(Number(call.status ?? 0));
  const details = h(
    "details",
    { open, ontoggle: () => details.open && unfold(details, call) },
    h(
      "summary",
      {},
      h("span", { class: `arrow ${call.direction === "bot→slack" ? "out" : "in"}` }, call.direction),
      h("code", { class: "method" }, call.method),
      h("span", { class: failed ? "call-status failed" : "call-status" }, outcome(call, failed)),
      h(
        "span",
        { class: "call-time" },
        timeOf(call, tz),
        call.duration_ms === null || call.duration_ms === undefined ? "" : ` · ${Math.round(call.duration_ms)} ms`,
      ),
    ),
  );
  return h("li", { class: "call", "data-method": call.method, "data-direction": call.direction }, details);
}

function outcome(call, failed) {
  if (failed) return [call.status, call.answer?.error].filter(Boolean).join(" ");
  return call.status ? String(call.status) : "no answer yet";
}

function timeOf(call, tz) {
  const at = typeof call.time === "number" ? call.time * 1000 : Date.parse(call.time);
  if (!Number.isFinite(at)) return String(call.time ?? "");
  return new Date(at).toLocaleTimeString("en-GB", { timeZone: tz || undefined });
}

function unfold(details, call) {
  if (details.children.length > 1) return;
  for (const [title, value] of [
    ["Arguments", call.arguments],
    ["Answer", call.answer],
  ]) {
    const text = JSON.stringify(value ?? null, null, 2);
    const copy = h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": `Copy ${title.toLowerCase()}`,
        onclick: () => navigator.clipboard?.writeText(text),
      },
      icon("copy"),
    );
    details.append(
      h(
        "div",
        { class: "call-part" },
        h("h3", {}, title, copy),
        h("pre", { class: "json", tabindex: "0" }, ...coloured(text)),
      ),
    );
  }
}

/** JSON text in pieces: keys, strings, numbers and words each in their colour. */
function coloured(text) {
  const pieces = text.split(/("(?:\\.|[^"\\])*"(?:\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/);
  return pieces.map((piece, index) => {
    if (index % 2 === 0) return document.createTextNode(piece);
    const kind = piece.endsWith(":") ? "key" : piece.startsWith('"') ? "string" : "literal";
    return h("span", { class: `json-${kind}` }, piece);
  });
}
