import { h } from "../dom.js";

/** A line across. */
export function divider() {
  return h("hr", { class: "block-divider" });
}
