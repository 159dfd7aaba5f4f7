import { freshId, h } from "../dom.js";
import { renderElement } from "../elements/index.js";
import { textNodes, words } from "../text/object.js";

const GROUPS = new Set(["radio_buttons", "checkboxes", "multi_static_select", "multi_users_select"]);

/** A labelled field with a hint; errors of a submit are put into its `.input-error`. */
export function input(block, context) {
  const ids = { label: freshId("label"), hint: freshId("hint"), error: freshId("error") };
  const element = block.element ?? {};
  const labelled = { labelId: ids.label, describedBy: `${ids.hint} ${ids.error}`, label: words(block.label) };
  const field = renderElement(element, { ...block, dispatches: Boolean(block.dispatch_action) }, context, labelled);
  const label = h(
    GROUPS.has(element.type) ? "span" : "label",
    { class: "input-label", id: ids.label },
    ...textNodes(block.label, context.names),
    block.optional ? h("span", { class: "optional" }, " (optional)") : null,
  );
  if (label.tagName === "LABEL" && field.id) label.htmlFor = field.id;
  return h(
    "div",
    { class: "block-input" },
    label,
    field,
    h("div", { class: "input-hint", id: ids.hint }, ...textNodes(block.hint, context.names)),
    h("div", { class: "input-error", id: ids.error, role: "alert" }),
  );
}
