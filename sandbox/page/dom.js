// Builds elements from data. Text only ever becomes text nodes: nothing in this page parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const AS_PROPERTY = new Set(["value", "checked", "selected", "disabled", "hidden", "open"]);

/** An HTML element. `props`: attributes; `onclick` and the like take a function; null and false are left out. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element, built as `h` builds HTML. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) setProperty(node, name, value);
  node.append(...present(children));
  return node;
}

function setProperty(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") node.addEventListener(name.slice(2), value);
  else if (AS_PROPERTY.has(name) && name in node) node[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** The children that are there, flattened. */
export function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Text for screen readers alone. */
export function hiddenText(text) {
  return h("span", { class: "sr-only" }, text);
}

let lastId = 0;

/** A fresh id, for aria-labelledby and the like. */
export function freshId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** Keyboard focus and unfolded details survive when `node` is replaced by `fresh`. */
export function swap(node, fresh) {
  const focused = node.contains(document.activeElement) ? focusKey(document.activeElement) : null;
  node.replaceWith(fresh);
  if (!focused) return;
  const heir = [...fresh.querySelectorAll("button, a, input, select, textarea, summary")].find(
    (candidate) => focusKey(candidate) === focused,
  );
  heir?.focus({ preventScroll: true });
}

function focusKey(element) {
  const { actionId, fold } = element.dataset;
  return [element.tagName, actionId, fold, element.getAttribute("aria-label"), element.name].join("|");
}

/** Keeps Tab inside `box`: after the last control comes the first, before the first the last. */
export function trapTab(box) {
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...box.querySelectorAll("button, a[href], input, select, textarea, summary, [tabindex='0']")].filter(
      (stop) => !stop.disabled && stop.getClientRects().length > 0,
    );
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (stops.length === 0 || (document.activeElement !== edge && box.contains(document.activeElement))) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  });
}
