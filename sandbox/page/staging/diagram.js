// The map as SVG. Built anew only when the set of services or links changes; else its parts change in place,
// so that one sees a way close and open again.

import { freshId, svg } from "../dom.js";
import { BOX, layout } from "./layout.js";
import { isOpen, linkKey, linkTitle, troubled } from "./links.js";

const STATES = ["open", "impaired", "closed"];

/** {node, show(services, links)}. */
export function createDiagram() {
  const ids = { title: freshId("map-title"), desc: freshId("map-desc") };
  const desc = svg("desc", { id: ids.desc });
  const stage = svg("g", {});
  const node = svg(
    "svg",
    { class: "map", role: "img", "aria-labelledby": `${ids.title} ${ids.desc}`, "data-testid": "map" },
    svg("title", { id: ids.title }, "Services, dependencies and the ways between them"),
    desc,
    stage,
  );
  let parts = null;
  return {
    node,
    show(services, links) {
      const structure = JSON.stringify([
        services.map(({ name, title }) => [name, title]),
        links.map((link) => [linkKey(link), link.title]),
      ]);
      if (parts?.structure !== structure) parts = { structure, ...build(node, stage, services, links) };
      paint(parts, services, links);
      desc.textContent = links
        .map((link) => `${linkTitle(link)}: ${link.state}${link.why ? `, ${link.why}` : ""}.`)
        .join(" ");
    },
  };
}

function build(node, stage, services, links) {
  const plan = layout(services, links);
  node.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
  const edges = new Map(plan.edges.map(({ link, curve, middle }) => [linkKey(link), edge(curve, middle)]));
  const boxes = new Map(plan.nodes.map((place) => [place.name, box(place)]));
  stage.replaceChildren(
    ...[...edges.values()].map((part) => part.group),
    ...[...boxes.values()].map((part) => part.group),
    ...[...edges.values()].map((part) => part.badge),
  );
  return { edges, boxes };
}

function edge(curve, [x, y]) {
  const title = svg("title", {});
  const number = svg("text", { "text-anchor": "middle", y: 4 });
  const shape = svg("g", { class: "badge-shape" });
  return {
    title,
    number,
    shape,
    group: svg(
      "g",
      { class: "edge" },
      title,
      svg("path", { class: "edge-line", d: curve }),
      svg("path", { class: "edge-flow", d: curve }),
    ),
    badge: svg("g", { class: "edge-badge", transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, shape, number),
  };
}

function box({ name, title, address, x, y, known }) {
  const tip = svg("title", {});
  const short = (words, most) => (words.length > most ? `${words.slice(0, most - 1)}…` : words);
  return {
    tip,
    group: svg(
      "g",
      { class: `service ${known ? "" : "outside"}`, transform: `translate(${x} ${y})`, "data-service": name },
      tip,
      svg("rect", { width: BOX.width, height: BOX.height, rx: 8 }),
      known ? svg("circle", { class: "lamp", cx: 14, cy: 15.5, r: 4 }) : null,
      svg(
        "text",
        {
          class: "service-title",
          x: known ? 23 : BOX.width / 2,
          y: address ? 20 : 28,
          "text-anchor": known ? "start" : "middle",
        },
        short(title, 14),
      ),
      address ? svg("text", { class: "service-address", x: 10, y: 36 }, short(address, 20)) : null,
    ),
  };
}

function paint({ edges, boxes }, services, links) {
  const numbers = new Map(troubled(links).map((link, index) => [linkKey(link), index + 1]));
  for (const link of links) {
    const part = edges.get(linkKey(link));
    const state = STATES.includes(link.state) ? link.state : "closed";
    part.group.setAttribute("class", `edge edge-${state}`);
    part.group.dataset.state = state;
    part.badge.setAttribute("class", `edge-badge edge-${state}`);
    part.badge.toggleAttribute("hidden", isOpen(link));
    part.shape.replaceChildren(
      state === "closed" ? svg("rect", { x: -10, y: -10, width: 20, height: 20, rx: 4 }) : svg("circle", { r: 10.5 }),
    );
    part.number.textContent = String(numbers.get(linkKey(link)) ?? "");
    part.title.textContent = `${linkTitle(link)}: ${state}${link.why ? ` (${link.why})` : ""}`;
  }
  for (const service of services) {
    const part = boxes.get(service.name);
    part.group.classList.toggle("down", !service.up);
    part.tip.textContent = `${service.title ?? service.name} ${service.address ?? ""}: ${service.up ? "up" : "down"}`;
  }
}
