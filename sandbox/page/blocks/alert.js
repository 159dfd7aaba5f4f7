import { h } from "../dom.js";
import { textNodes } from "../text/object.js";

/** A notice in a modal; level default, info, warning, error or success. */
export function alert(block, { names }) {
  const level = ["info", "warning", "error", "success"].includes(block.level) ? block.level : "default";
  return h("div", { class: `block-alert alert-${level}`, role: "note" }, h("div", {}, ...textNodes(block.text, names)));
}
