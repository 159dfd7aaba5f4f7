// Google Cloud's configuration: what serves with which VPC access, and the way that it gives to each dependency.

import { api } from "../api.js";
import { h, hiddenText } from "../dom.js";

const WRONG = {
  change: "deploy",
  by: "deploy-bot",
  connector: "legacy-connector",
  egress: "private-ranges-only",
};
const RIGHT = { change: "deploy", by: "pipeline", connector: "staging-connector", egress: "all-traffic" };

/** Draws the section into `node`; hidden in a world without a Google Cloud. */
export function mountCloud(node, app) {
  const paths = h("div", { class: "cloud-paths", "data-testid": "cloud-paths" });
  const facts = h("div", { class: "cloud-facts", "data-testid": "cloud-facts" });
  node.append(h("h3", {}, "Google Cloud"), facts, paths, buttons(app));
  app.store.watch(["world"], ({ world }) => {
    node.hidden = !world?.cloud;
    if (!world?.cloud) return;
    facts.replaceChildren(...serving(world.cloud));
    paths.replaceChildren(...(world.links ?? []).filter((link) => isConfigured(link)).map(pathOf));
  });
}

/** Ways of the backend that the configuration decides over. */
function isConfigured(link) {
  return link.source === "backend" && Array.isArray(link.way);
}

function serving({ services = [], connectors = [] }) {
  return [
    h(
      "ul",
      {},
      ...services.flatMap((service) =>
        service.serving
          .filter(({ percent }) => percent > 0)
          .map((share) =>
            h(
              "li",
              { "data-service": service.name },
              h("strong", {}, share.revision),
              h("span", { class: "quiet" }, ` ${share.percent} % · ${accessOf(share)}`),
            ),
          ),
      ),
    ),
    h(
      "p",
      { class: "quiet" },
      connectors.map(({ name, state, network }) => `${name}: ${state}, on ${network}`).join(" · "),
    ),
  ];
}

function accessOf({ connector, network, egress, creator }) {
  const way = connector ?? (network ? `Direct VPC on ${network}` : "no VPC access");
  const who = creator ? ` · by ${creator.split("@")[0]}` : "";
  return `${way}${egress ? `, ${egress}` : ""}${who}`;
}

/** The hops of one way as a row; where it is closed, the last step is the one that closes it. */
function pathOf(link) {
  const closed = link.state === "closed";
  const name = (link.title ?? link.target).split(" → ").at(-1);
  const steps = ["backend", ...link.way, name];
  return h(
    "div",
    { class: `cloud-path link-${link.state}`, "data-path": link.target, "data-state": link.state },
    h(
      "ol",
      { "aria-label": `The way from the backend to ${name}: ${link.state}` },
      ...steps.map((step, index) => hop(step, closed && index >= steps.length - 2, index === steps.length - 1)),
    ),
    link.why ? h("p", { class: "link-why" }, link.why) : null,
  );
}

function hop(name, broken, last) {
  const mark = broken ? (last ? "not reached" : "ends here") : null;
  return h(
    "li",
    { class: `hop ${broken ? "hop-broken" : ""}`, "data-broken": broken },
    broken && !last ? h("span", { class: "hop-mark", "aria-hidden": "true" }, "✖") : null,
    name,
    mark ? hiddenText(` (${mark})`) : null,
  );
}

function buttons(app) {
  const change = (words, kind, wish, id) => {
    const button = h(
      "button",
      { type: "button", class: `button ${kind}`, "data-testid": id, onclick: () => ask(app, button, wish) },
      words,
    );
    return button;
  };
  return h(
    "div",
    { class: "fault-row cloud-buttons" },
    change("Deploy with the wrong connector", "button-danger", WRONG, "break-connector"),
    change("Repair VPC access", "button-primary", RIGHT, "repair-connector"),
  );
}

async function ask(app, button, wish) {
  button.setAttribute("aria-busy", "true");
  await app.act.attempt(() => api.changeCloud(wish));
  button.removeAttribute("aria-busy");
  await app.refresh.world();
}
