import { h } from "../dom.js";
import { renderElement } from "../elements/index.js";

/** A row of buttons, menus and pickers. */
export function actions(block, context) {
  return h(
    "div",
    { class: "block-actions" },
    ...(block.elements ?? []).map((element) => renderElement(element, block, context)),
  );
}
