import { h } from "../dom.js";
import { picture } from "./image.js";
import { textNodes } from "../text/object.js";

/** Small print: texts and small images. */
export function context(block, { names }) {
  return h(
    "div",
    { class: "block-context" },
    ...(block.elements ?? []).map((element) =>
      element.type === "image"
        ? picture(element, "context-image")
        : h("span", { class: "context-text" }, ...textNodes(element, names)),
    ),
  );
}
