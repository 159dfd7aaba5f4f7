// What is broken now, and what can be broken.

import { api } from "../api.js";
import { freshId, h } from "../dom.js";
import { ago } from "../text/dates.js";

/** Draws the faults in force, the scenarios, and the form for a single fault. */
export function mountFaults(node, app) {
  const inForce = h("div", { class: "in-force", "data-testid": "faults" });
  const scenarios = h("form", { class: "fault-form", "data-testid": "scenario-form" });
  const single = h("form", { class: "fault-form", "data-testid": "fault-form" });
  node.append(
    h("h3", {}, "In force"),
    inForce,
    h("h3", {}, "Play a scenario"),
    scenarios,
    h("h3", {}, "Break one thing"),
    single,
  );
  const offered = { scenarios: "", kinds: "" };
  app.store.watch(["world"], ({ world }) => {
    if (!world) return;
    drawInForce(inForce, world, app);
    const wanted = {
      scenarios: JSON.stringify([world.scenarios, world.scenario]),
      kinds: JSON.stringify(world.fault_kinds),
    };
    if (wanted.scenarios !== offered.scenarios) drawScenarios(scenarios, world, app);
    if (wanted.kinds !== offered.kinds) drawSingle(single, world, app);
    Object.assign(offered, wanted);
  });
}

/** Runs a change of the world; the control that asked is busy meanwhile. */
async function change(app, control, call) {
  control.setAttribute("aria-busy", "true");
  await app.act.attempt(call);
  control.removeAttribute("aria-busy");
  await app.refresh.world();
}

function drawInForce(node, world, app) {
  const faults = world.faults ?? [];
  const changes = world.cloud?.changes ?? [];
  const scenario = world.scenarios?.find((candidate) => candidate.name === world.scenario);
  // What somebody broke by hand is no longer "All is well".
  const byHand = world.scenario === "healthy" && faults.length + changes.length > 0;
  const title = byHand ? "none, broken by hand" : (scenario?.title ?? world.scenario ?? "none");
  const all = h(
    "button",
    { type: "button", class: "button", "data-testid": "mend-all", onclick: () => change(app, all, () => api.mend()) },
    "Mend all",
  );
  node.replaceChildren(
    h(
      "p",
      { class: "scenario-now" },
      "Scenario: ",
      h("strong", { "data-testid": "scenario" }, title),
    ),
    faults.length + changes.length
      ? h("ul", {}, ...changes.map(changeRow), ...faults.map((fault) => inForceRow(fault, app)))
      : h("p", { class: "quiet" }, "Nothing is broken."),
    ...(faults.length + changes.length ? [all] : []),
  );
}

/** A change of the configuration; it is mended with all others, or by another change. */
function changeRow(title) {
  return h(
    "li",
    { class: "fault", "data-change": title },
    h("span", {}, h("strong", {}, title), h("span", { class: "quiet" }, "configuration of Google Cloud")),
  );
}

function inForceRow(fault, app) {
  const options = Object.entries(fault.options ?? {})
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
    .join(", ");
  const title = fault.title || fault.fault;
  const mend = h(
    "button",
    {
      type: "button",
      class: "button",
      "aria-label": `Mend ${title}`,
      onclick: () => change(app, mend, () => api.mend(fault.id)),
    },
    "Mend",
  );
  return h(
    "li",
    { class: "fault", "data-fault-id": fault.id },
    h(
      "span",
      {},
      h("strong", {}, title),
      h("span", { class: "quiet" }, [fault.target, options, sinceOf(fault)].filter(Boolean).join(" · ")),
    ),
    mend,
  );
}

function sinceOf({ since }) {
  const seconds = typeof since === "number" ? since : Date.parse(since) / 1000;
  return Number.isFinite(seconds) ? ago(seconds) : "";
}

function drawScenarios(form, world, app) {
  const scenarios = world.scenarios ?? [];
  const about = h("p", { class: "quiet" });
  const select = h(
    "select",
    { class: "select", "aria-label": "Scenario", "data-testid": "scenario-select", onchange: () => tell() },
    ...scenarios.map((scenario) =>
      h(
        "option",
        { value: scenario.name, selected: scenario.name === world.scenario },
        scenario.title ?? scenario.name,
      ),
    ),
  );
  const tell = () => {
    about.textContent = scenarios.find((scenario) => scenario.name === select.value)?.description ?? "";
  };
  const play = h("button", { class: "button button-primary", "data-testid": "play-scenario" }, "Play");
  form.replaceChildren(h("div", { class: "fault-row" }, select, play), about);
  form.onsubmit = (event) => {
    event.preventDefault();
    change(app, play, () => api.applyFault({ scenario: select.value }));
  };
  tell();
}

function drawSingle(form, world, app) {
  const kinds = world.fault_kinds ?? [];
  const kept = form.querySelector("[name=fault]")?.value;
  const rest = h("div", { class: "fault-rest" });
  const select = h(
    "select",
    { class: "select", name: "fault", "aria-label": "Fault", "data-testid": "fault-select", onchange: () => fill() },
    ...kinds.map((kind) => h("option", { value: kind.fault, selected: kind.fault === kept }, kind.title ?? kind.fault)),
  );
  const fill = () =>
    rest.replaceChildren(
      ...kindFields(
        kinds.find((kind) => kind.fault === select.value),
        world,
      ),
    );
  const apply = h("button", { class: "button button-danger", "data-testid": "apply-fault" }, "Break it");
  form.replaceChildren(select, rest, apply);
  form.onsubmit = (event) => {
    event.preventDefault();
    const kind = kinds.find((candidate) => candidate.fault === select.value);
    if (kind) change(app, apply, () => api.applyFault(asked(form, kind)));
  };
  fill();
}

function kindFields(kind, world) {
  const title = new Map((world.services ?? []).map((service) => [service.name, service.title]));
  if (!kind) return [h("p", { class: "quiet" }, "This sandbox offers no single faults.")];
  return [
    h("p", { class: "quiet" }, kind.description ?? ""),
    labelled(
      "Where",
      h(
        "select",
        { class: "select", name: "target", "data-testid": "target-select" },
        ...(kind.targets ?? []).map((target) => h("option", { value: target }, title.get(target) ?? target)),
      ),
    ),
    ...(kind.options ?? []).map((option) => labelled(labelOf(option), optionField(option, world))),
  ];
}

function labelled(words, field) {
  field.id = freshId("fault-field");
  return h("div", { class: "fault-field" }, h("label", { for: field.id }, words), field);
}

function labelOf(option) {
  if (option.name === "source") return "For";
  const unit = option.unit && option.name !== option.unit && option.unit !== "name" ? ` (${option.unit})` : "";
  return `${option.name.replaceAll("_", " ").replace(new RegExp(` ${option.unit}$`), "")}${unit}`;
}

function optionField(option, world) {
  const name = `option-${option.name}`;
  if (option.name === "source") return sourceField(name, world);
  if (typeof option.default === "boolean") return h("input", { type: "checkbox", name, checked: option.default });
  const kind = typeof option.default === "number" ? { type: "number", step: "any" } : { type: "text" };
  return h("input", { class: "text-field", name, value: option.default ?? "", ...kind });
}

/** Whom the fault hits: the world names its sources in its links. */
function sourceField(name, { links = [] }) {
  const sources = new Map(links.map((link) => [link.source, (link.title ?? link.source).split(" → ")[0]]));
  return h(
    "select",
    { class: "select", name },
    h("option", { value: "" }, "everyone"),
    ...[...sources].map(([value, title]) => h("option", { value }, title)),
  );
}

function asked(form, kind) {
  const options = {};
  for (const option of kind.options ?? []) {
    const field = form.elements.namedItem(`option-${option.name}`);
    const value =
      field.type === "checkbox" ? field.checked : field.type === "number" ? field.valueAsNumber : field.value;
    if (value !== "" && !Number.isNaN(value)) options[option.name] = value;
  }
  return { fault: kind.fault, target: form.elements.namedItem("target").value, options };
}
