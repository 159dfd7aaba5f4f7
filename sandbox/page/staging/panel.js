// The staging map: what runs, which ways are open, and what to break.

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { isWide, onWidthClass } from "../route.js";
import { mountCloud } from "./cloud.js";
import { createDiagram } from "./diagram.js";
import { mountFaults } from "./faults.js";
import { isOpen, linkLines } from "./links.js";

/** Draws the panel into `node`. It redraws as the world changes. */
export function mountStaging(node, app) {
  const { store, act } = app;
  const verdict = h("p", { class: "map-verdict", role: "status", "data-testid": "map-verdict" });
  const diagram = createDiagram();
  const lines = h("div", { class: "link-lines", "data-testid": "links" });
  const cloud = h("section", { class: "cloud", "data-testid": "cloud" });
  const faults = h("div", { class: "faults", "data-testid": "fault-panel" });
  node.append(
    h(
      "header",
      { class: "pane-header" },
      h("h2", {}, "Staging map"),
      h(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": "Close the staging map",
          onclick: () => act.togglePanel("staging", false),
        },
        icon("close"),
      ),
    ),
    h(
      "div",
      { class: "pane-scroll", tabindex: "0", role: "region", "aria-label": "Map and faults" },
      verdict,
      diagram.node,
      lines,
      cloud,
      faults,
    ),
  );
  mountCloud(cloud, app);
  mountFaults(faults, app);
  const place = ({ panels, thread } = store.state) => {
    node.hidden = !panels.staging || (Boolean(thread) && !isWide());
  };
  onWidthClass(() => place());
  store.watch(["panels", "thread"], place);
  store.watch(["world"], ({ world }) => {
    if (!world) return;
    diagram.show(world.services ?? [], world.links ?? []);
    lines.replaceChildren(...linkLines(world.links ?? []));
    verdict.replaceChildren(...verdictOf(world));
  });
}

function verdictOf({ links = [], services = [], bot }) {
  const bad = links.filter((link) => !isOpen(link)).length;
  const down = services.filter((service) => !service.up);
  const words = [
    bad ? `${bad} of ${links.length} ways ${bad === 1 ? "is" : "are"} not open` : `All ${links.length} ways are open`,
    down.length ? `${down.map((service) => service.title).join(", ")} down` : null,
  ]
    .filter(Boolean)
    .join("; ");
  return [
    h("span", { class: `dot ${bad || down.length ? "down" : "up"}`, "aria-hidden": "true" }),
    h("span", {}, words),
    h(
      "span",
      { class: "map-bot" },
      h("span", { class: `dot ${bot.connected ? "up" : "down"}`, "aria-hidden": "true" }),
      bot.connected ? `${bot.name} connected` : `${bot.name} not connected`,
    ),
  ];
}
