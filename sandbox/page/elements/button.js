import { h } from "../dom.js";
import { confirmed } from "../confirm.js";
import { textNodes } from "../text/object.js";

const SAFE = /^(https?:\/\/|mailto:)/i;

/** A button; primary, danger, with a link, with a confirmation. */
export function button(element, block, context) {
  const style = ["primary", "danger"].includes(element.style) ? `button-${element.style}` : "";
  const node = h(
    "button",
    {
      type: "button",
      class: `button ${style}`,
      "data-action-id": element.action_id,
      "aria-label": element.accessibility_label ?? null,
      onclick: () => press(element, block, context, node),
    },
    ...textNodes({ ...element.text, type: "plain_text" }, context.names),
  );
  if (element.url)
    node.append(
      h("span", { class: "opens", "aria-hidden": "true" }, " ↗"),
      h("span", { class: "sr-only" }, " (opens in a new tab)"),
    );
  return node;
}

async function press(element, block, context, node) {
  if (node.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await confirmed(element.confirm, context.names))) return;
  if (element.url && SAFE.test(element.url)) window.open(element.url, "_blank", "noreferrer");
  await context.press(element, block.block_id, { value: element.value }, node);
}
