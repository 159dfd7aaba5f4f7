import { h } from "../dom.js";
import { picture } from "./image.js";
import { renderElement } from "../elements/index.js";
import { textNodes } from "../text/object.js";

/** Text, up to ten fields in two columns, and one element at the right. */
export function section(block, context) {
  const { names } = context;
  const fields = block.fields?.map((field) => h("div", { class: "field" }, ...textNodes(field, names)));
  return h(
    "div",
    { class: "block-section" },
    h(
      "div",
      { class: "section-body" },
      block.text ? h("div", { class: "section-text" }, ...textNodes(block.text, names)) : null,
      fields ? h("div", { class: "fields" }, ...fields) : null,
    ),
    block.accessory ? h("div", { class: "accessory" }, accessory(block, context)) : null,
  );
}

function accessory(block, context) {
  if (block.accessory.type === "image") return picture(block.accessory, "thumb");
  return renderElement(block.accessory, block, context);
}
