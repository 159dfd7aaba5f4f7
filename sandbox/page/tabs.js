// On a phone: one view at a time, chosen at the bottom.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { isNarrow, onWidthClass } from "./route.js";
import { channelsOf } from "./state.js";

/** Draws the tab bar; the style sheet shows it on narrow screens only. */
export function mountTabs(node, app) {
  const { store, act } = app;
  const lastChannel = { id: null };
  const narrowOnlyOne = () => isNarrow() && store.set({ panels: { staging: false, inspector: false } });
  onWidthClass(narrowOnlyOne);
  narrowOnlyOne();
  store.watch(["view", "panels", "world"], (state) => {
    if (state.view && state.view !== "home") lastChannel.id = state.view;
    const panel = state.panels.staging ? "staging" : state.panels.inspector ? "inspector" : null;
    const mine = state.world ? channelsOf(state.world, state.me).map((channel) => channel.id) : [];
    const chat = () => act.open(mine.includes(lastChannel.id) ? lastChannel.id : mine[0]);
    node.replaceChildren(
      tab("chat", "Chat", !panel && state.view !== "home", chat),
      tab("home", "Home", !panel && state.view === "home", () => act.open("home")),
      tab("map", "Staging", panel === "staging", () => act.togglePanel("staging", true)),
      tab("traffic", "Traffic", panel === "inspector", () => act.togglePanel("inspector", true)),
    );
  });
}

function tab(name, label, current, onclick) {
  return h(
    "button",
    {
      type: "button",
      class: "tab",
      "aria-current": current ? "page" : null,
      "data-testid": `tab-${label.toLowerCase()}`,
      onclick,
    },
    icon(name),
    h("span", {}, label),
  );
}
