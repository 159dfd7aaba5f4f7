import { h } from "../dom.js";
import { textNodes } from "../text/object.js";

/** A large line of plain text. */
export function header(block, { names }) {
  return h("h3", { class: "block-header" }, ...textNodes({ ...block.text, type: "plain_text" }, names));
}
