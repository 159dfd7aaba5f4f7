import { h } from "../dom.js";
import { markdown } from "../text/markdown.js";

/** Standard Markdown. */
export function markdownBlock(block) {
  return h("div", { class: "block-markdown" }, ...markdown(block.text ?? ""));
}
