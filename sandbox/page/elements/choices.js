import { freshId, h } from "../dom.js";
import { textNodes } from "../text/object.js";
import { changed, remembered, ties } from "./field.js";

function choice(kind, option, name, checked, onchange, names) {
  return h(
    "label",
    { class: "choice" },
    h("input", { type: kind, name, checked, onchange, value: option.value }),
    h(
      "span",
      {},
      h("span", { class: "choice-text" }, ...textNodes(option.text, names)),
      option.description ? h("span", { class: "choice-description" }, ...textNodes(option.description, names)) : null,
    ),
  );
}

/** One of several. */
export function radioButtons(element, block, context, labelled) {
  const kept = remembered(element, block, context, { selected_option: element.initial_option ?? null });
  const name = freshId("radio");
  const group = h("div", {
    class: "choices",
    role: "radiogroup",
    "data-action-id": element.action_id,
    ...ties(labelled, "Choices"),
  });
  group.append(
    ...(element.options ?? []).map((option) =>
      choice(
        "radio",
        option,
        name,
        kept.selected_option?.value === option.value,
        () => changed(element, block, context, { selected_option: option }, group),
        context.names,
      ),
    ),
  );
  return group;
}

/** Any of several. */
export function checkboxes(element, block, context, labelled) {
  return checklist(element, block, context, labelled, {
    options: element.options ?? [],
    initial: element.initial_options ?? [],
    field: "selected_options",
    idOf: (option) => option.value,
    keep: (option) => option,
  });
}

/** A list of boxes whose ticked ones are kept under `field`. */
export function checklist(element, block, context, labelled, { options, initial, field, idOf, keep }) {
  const kept = remembered(element, block, context, { [field]: initial });
  const ticked = new Set(kept[field].map((item) => (typeof item === "string" ? item : item.value)));
  const group = h("div", {
    class: "choices",
    role: "group",
    "data-action-id": element.action_id,
    ...ties(labelled, "Choices"),
  });
  const onchange = (option) => (event) => {
    ticked[event.target.checked ? "add" : "delete"](idOf(option));
    const chosen = options.filter((candidate) => ticked.has(idOf(candidate))).map(keep);
    changed(element, block, context, { [field]: chosen }, group);
  };
  group.append(
    ...options.map((option) =>
      choice("checkbox", option, freshId("box"), ticked.has(idOf(option)), onchange(option), context.names),
    ),
  );
  return group;
}
