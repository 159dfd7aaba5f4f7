// Confirmation dialogs of buttons and menus.

import { freshId, h, trapTab } from "./dom.js";
import { textNodes, words } from "./text/object.js";

/** Asks; answers true once confirmed, false once denied or closed. `spec` as Slack's confirm object. */
export function confirmed(spec, names) {
  const titleId = freshId("confirm");
  const style = spec.style === "danger" ? "button-danger" : "button-primary";
  return new Promise((resolve) => {
    let answer = false;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const dialog = h(
      "dialog",
      { class: "modal confirm", "aria-labelledby": titleId, "data-testid": "confirm" },
      h("header", { class: "modal-header" }, h("h2", { id: titleId }, words(spec.title) || "Are you sure?")),
      h("div", { class: "modal-body" }, ...textNodes(spec.text, names)),
      h(
        "footer",
        { class: "modal-footer" },
        h("button", { type: "button", class: "button", onclick: () => close(false) }, words(spec.deny) || "Cancel"),
        h(
          "button",
          { type: "button", class: `button ${style}`, onclick: () => close(true) },
          words(spec.confirm) || "Yes",
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    trapTab(dialog);
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector(".modal-footer button:last-child").focus();
  });
}
