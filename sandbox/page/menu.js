// A button with a menu: arrow keys, Home, End, Escape; closes when focus leaves.

import { h } from "./dom.js";

/** `items`: [{nodes(), pick()}]. Answers a node that holds the trigger and, while open, the menu. */
export function menuButton({ trigger, items }) {
  const list = h("ul", { class: "menu", role: "menu", hidden: true });
  const box = h("span", { class: "menu-box" }, trigger, list);
  const show = (open) => {
    list.hidden = !open;
    trigger.setAttribute("aria-expanded", String(open));
    if (open) list.querySelector("button")?.focus();
  };
  list.append(
    ...items.map((item) =>
      h(
        "li",
        { role: "none" },
        h(
          "button",
          {
            type: "button",
            role: "menuitem",
            tabindex: "-1",
            onclick: () => (show(false), trigger.focus(), item.pick()),
          },
          ...item.nodes(),
        ),
      ),
    ),
  );
  trigger.setAttribute("aria-haspopup", "menu");
  trigger.setAttribute("aria-expanded", "false");
  trigger.addEventListener("click", () => show(list.hidden));
  box.addEventListener("keydown", (event) => navigate(event, list, () => (show(false), trigger.focus())));
  box.addEventListener("focusout", (event) => box.contains(event.relatedTarget) || show(false));
  return box;
}

function navigate(event, list, close) {
  if (list.hidden) return;
  const buttons = [...list.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
  if (event.key === "Escape") {
    event.stopPropagation();
    event.preventDefault();
    close();
  } else if (Object.hasOwn(moves, event.key)) {
    event.preventDefault();
    buttons[(moves[event.key] + buttons.length) % buttons.length]?.focus();
  }
}
