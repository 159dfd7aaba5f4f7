import { freshId, h } from "../dom.js";
import { words } from "../text/object.js";
import { remembered, ties } from "./field.js";

function textField(attributes) {
  return (element, block, context, labelled) => {
    const kept = remembered(element, block, context, { value: element.initial_value ?? null });
    const multiline = element.type === "plain_text_input" && element.multiline;
    const save = (value) =>
      context.values.set(block.block_id, element.action_id, { type: element.type, value: value || null });
    const send = () => block.dispatches && context.press(element, block.block_id, { value: node.value }, node);
    const node = h(multiline ? "textarea" : "input", {
      id: freshId("field"),
      class: "text-field",
      value: kept.value ?? "",
      placeholder: words(element.placeholder),
      rows: multiline ? 4 : null,
      minlength: element.min_length,
      maxlength: element.max_length,
      min: element.min_value,
      max: element.max_value,
      "data-action-id": element.action_id,
      ...attributes(element),
      ...ties(labelled, words(element.placeholder)),
      oninput: () => save(node.value),
      onkeydown: (event) => event.key === "Enter" && !multiline && block.dispatches && (event.preventDefault(), send()),
    });
    if (element.focus_on_load) node.dataset.autofocus = "";
    return node;
  };
}

/** One line or several. */
export const plainTextInput = textField((element) => (element.multiline ? {} : { type: "text" }));

/** A number; text as Slack keeps it. */
export const numberInput = textField((element) => ({ type: "number", step: element.is_decimal_allowed ? "any" : "1" }));

/** A mail address. */
export const emailInput = textField(() => ({ type: "email" }));

/** A web address. */
export const urlInput = textField(() => ({ type: "url" }));
