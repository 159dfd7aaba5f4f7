// Short notices in the corner, for what went wrong and what to do about it.

import { h } from "./dom.js";

const SHOWN_MS = 12000;
const AT_MOST = 4;

/** Shows an error (a ControlError or any Error) with its advice until dismissed, or for a while. */
export function toastError(error, title = null) {
  if (!error.advice) console.error(error);
  show(title ?? error.message, [title ? error.message : null, error.advice].filter(Boolean).join(" "), error.code);
}

function show(title, detail, code) {
  const box = document.getElementById("toasts");
  const same = [...box.children].find((toast) => toast.dataset.title === title);
  same?.remove();
  const close = () => toast.remove();
  const toast = h(
    "div",
    { class: "toast", role: "alert", "data-testid": "toast", "data-title": title },
    h("div", { class: "toast-text" }, h("strong", {}, title), h("span", {}, detail), code ? h("code", {}, code) : null),
    h("button", { class: "icon-button", type: "button", "aria-label": "Dismiss", onclick: close }, "✕"),
  );
  box.append(toast);
  while (box.children.length > AT_MOST) box.firstElementChild.remove();
  window.setTimeout(close, SHOWN_MS);
}
