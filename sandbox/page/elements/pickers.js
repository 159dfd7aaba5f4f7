import { freshId, h } from "../dom.js";
import { words } from "../text/object.js";
import { changed, remembered, ties } from "./field.js";

function picker(kind, field, initial) {
  return (element, block, context, labelled) => {
    const kept = remembered(element, block, context, { [field]: element[initial] ?? null });
    const node = h("input", {
      type: kind,
      id: freshId("field"),
      class: "text-field narrow",
      value: kept[field] ?? "",
      "data-action-id": element.action_id,
      ...ties(labelled, words(element.placeholder) || kind),
      onchange: () => changed(element, block, context, { [field]: node.value || null }, node),
    });
    return node;
  };
}

/** A day, as YYYY-MM-DD. */
export const datePicker = picker("date", "selected_date", "initial_date");

/** A time of day, as HH:mm. */
export const timePicker = picker("time", "selected_time", "initial_time");
