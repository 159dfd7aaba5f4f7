import { h } from "../dom.js";
import { confirmed } from "../confirm.js";
import { menuButton } from "../menu.js";
import { textNodes } from "../text/object.js";

/** The ⋯ menu. */
export function overflow(element, block, context) {
  const node = menuButton({
    trigger: h(
      "button",
      {
        type: "button",
        class: "button button-icon",
        "aria-label": "More actions",
        "data-action-id": element.action_id,
      },
      "⋯",
    ),
    items: (element.options ?? []).map((option) => ({
      nodes: () => textNodes(option.text, context.names),
      pick: () => pick(option),
    })),
  });
  const pick = async (option) => {
    if (element.confirm && !(await confirmed(element.confirm, context.names))) return;
    if (option.url && /^https?:\/\//i.test(option.url)) window.open(option.url, "_blank", "noreferrer");
    await context.press(element, block.block_id, { selected_option: option }, node.querySelector("button"));
  };
  return node;
}
