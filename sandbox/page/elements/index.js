// One renderer per element type, in one table.
// A renderer takes (element, block, context, labelled) and answers a node. A stateful one keeps what was
// entered in context.values under (block_id, action_id), in the shape of Slack's view.state.values.

import { h } from "../dom.js";
import { button } from "./button.js";
import { checkboxes, radioButtons } from "./choices.js";
import { datePicker, timePicker } from "./pickers.js";
import { overflow } from "./overflow.js";
import { channelsSelect, multiStaticSelect, multiUsersSelect, staticSelect, usersSelect } from "./selects.js";
import { emailInput, numberInput, plainTextInput, urlInput } from "./text-inputs.js";

export const ELEMENTS = {
  button,
  channels_select: channelsSelect,
  checkboxes,
  conversations_select: channelsSelect,
  datepicker: datePicker,
  email_text_input: emailInput,
  multi_static_select: multiStaticSelect,
  multi_users_select: multiUsersSelect,
  number_input: numberInput,
  overflow,
  plain_text_input: plainTextInput,
  radio_buttons: radioButtons,
  static_select: staticSelect,
  timepicker: timePicker,
  url_text_input: urlInput,
  users_select: usersSelect,
  workflow_button: button,
};

/** The node of an element. `labelled`: {labelId, describedBy, label} where an input block labels it. */
export function renderElement(element, block, context, labelled = {}) {
  if (!Object.hasOwn(ELEMENTS, element.type))
    return h("span", { class: "block-unknown" }, `The sandbox cannot draw a "${element.type}" element`);
  const node = ELEMENTS[element.type](element, block, context, labelled);
  const carrier = node.matches("[data-action-id]") ? node : (node.querySelector("[data-action-id]") ?? node);
  carrier.dataset.actionId = element.action_id ?? "";
  return node;
}
