// The app's Home tab.

import { blockContext, createValues } from "./app.js";
import { renderBlocks } from "./blocks/index.js";
import { h } from "./dom.js";
import { me } from "./state.js";

/** Draws the Home view of the person that the page acts as. */
export function mountHome(node, app) {
  const kept = { values: createValues(), folds: new Map() };
  let fingerprint = null;
  app.store.watch(["view", "views", "me", "world"], (state) => {
    node.hidden = state.view !== "home";
    if (node.hidden || !state.world) return;
    const view = state.views.home;
    const next = JSON.stringify([view, state.me]);
    if (next === fingerprint) return;
    fingerprint = next;
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
    node.replaceChildren(
      h(
        "div",
        { class: "home-body" },
        ...(view
          ? renderBlocks(view.blocks, blockContext(app, "home", view.id, { view_id: view.id }, kept))
          : nothing(state)),
      ),
    );
    if (focused) node.querySelector(`[data-action-id="${CSS.escape(focused)}"]`)?.focus();
  });
}

function nothing(state) {
  const { bot } = state.world;
  const words = bot.connected
    ? `${bot.name} has not published a Home tab for ${me(state)?.name ?? "you"} yet.`
    : `${bot.name} is not connected, so it cannot publish a Home tab.`;
  return [h("div", { class: "empty" }, h("h2", {}, "Nothing here yet"), h("p", {}, words))];
}
