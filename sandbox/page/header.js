// The bar above the conversation, and the line that says when updates are not coming.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";
import { channel, placeName } from "./state.js";
import { shownTheme, toggleTheme } from "./theme.js";

const SAID = { connecting: "", live: "", reconnecting: "Connection lost. Reconnecting…" };

/** Draws the header and the connection line. */
export function mountHeader(node, connection, app) {
  const { store, act } = app;
  const draw = () => store.state.world && fill(node, store.state, act, draw, store);
  store.watch(["world", "view", "panels"], draw);
  store.watch(["connection"], (state) => {
    connection.textContent = SAID[state.connection];
    connection.dataset.state = state.connection;
  });
}

function fill(node, state, act, redraw, store) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const theme = shownTheme() === "dark" ? ["sun", "Light theme"] : ["moon", "Dark theme"];
  node.replaceChildren(
    tool("menu", "Open the sidebar", { class: "tool only-narrow", onclick: () => store.set({ drawer: true }) }),
    h("div", { class: "place" }, ...place(state)),
    h(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "Panels" },
      toggle("map", "Staging map", state.panels.staging, () => act.togglePanel("staging"), "toggle-staging"),
      toggle("traffic", "Raw traffic", state.panels.inspector, () => act.togglePanel("inspector"), "toggle-inspector"),
      tool(theme[0], theme[1], {
        class: "tool",
        "data-testid": "toggle-theme",
        "data-key": "theme",
        onclick: () => (toggleTheme(), redraw()),
      }),
    ),
  );
  if (focused) node.querySelector(`[data-key="${focused}"]`)?.focus();
}

function place(state) {
  const open = channel(state);
  if (open) {
    const members = open.is_im ? 0 : open.members.length;
    return [
      h(
        "h1",
        { "data-testid": "channel-name" },
        h("span", { class: "hash", "aria-hidden": "true" }, open.is_im ? "@" : "#"),
        placeName(open, state),
      ),
      h(
        "p",
        { class: "topic", title: open.topic },
        [open.topic, members ? `${members} members` : null].filter(Boolean).join(" · "),
      ),
    ];
  }
  const { bot } = state.world;
  return [
    h(
      "h1",
      { "data-testid": "channel-name" },
      avatar(bot.user_id, bot.name, { bot: true, size: "small" }),
      `${bot.name} Home`,
    ),
  ];
}

function tool(name, label, props) {
  return h("button", { type: "button", title: label, "aria-label": label, ...props }, icon(name));
}

function toggle(name, label, open, onclick, testid) {
  return h(
    "button",
    {
      type: "button",
      class: "tool with-text only-wide",
      "aria-pressed": String(open),
      "data-testid": testid,
      "data-key": name,
      onclick,
    },
    icon(name),
    h("span", {}, label),
  );
}
