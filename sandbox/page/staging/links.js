// Links in words: what the map shows in colour, for everyone.

import { h } from "../dom.js";

const SAID = { open: "open", impaired: "impaired", closed: "closed" };

/** True where traffic passes unhindered. */
export function isOpen(link) {
  return link.state === "open";
}

/** The name that stays a link's own while its state changes. */
export function linkKey(link) {
  return `${link.source}→${link.target}→${link.address ?? ""}`;
}

/** The link in the world's own words. */
export function linkTitle(link) {
  return link.title ?? `${link.source} → ${link.target}`;
}

/** Those links that are not open, worst first, in the order that the map numbers them. */
export function troubled(links) {
  const worst = { closed: 0, impaired: 1 };
  return links.filter((link) => !isOpen(link)).sort((a, b) => (worst[a.state] ?? 2) - (worst[b.state] ?? 2));
}

/** Nodes: the troubled links with the reason, then all of them folded. */
export function linkLines(links) {
  const bad = troubled(links);
  return [
    bad.length ? h("ol", { class: "troubled" }, ...bad.map((link, index) => line(link, index + 1))) : null,
    h(
      "details",
      { class: "all-links" },
      h("summary", {}, `All ${links.length} ways`),
      h("ul", {}, ...links.map((link) => line(link, null))),
    ),
  ].filter(Boolean);
}

function line(link, number) {
  const state = Object.hasOwn(SAID, link.state) ? link.state : "closed";
  return h(
    "li",
    { class: `link-line link-${state}`, "data-state": state, "data-link": linkKey(link) },
    h("span", { class: "link-mark", "aria-hidden": "true" }, number ?? ""),
    h(
      "span",
      {},
      h("strong", {}, linkTitle(link)),
      " ",
      h("span", { class: "link-state" }, SAID[state]),
      link.address ? [" ", h("code", {}, link.address)] : null,
      link.why ? h("span", { class: "link-why" }, link.why) : null,
      link.way && !number ? h("span", { class: "link-why" }, `over ${link.way.join(" → ")}`) : null,
    ),
  );
}
