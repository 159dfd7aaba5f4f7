// The address keeps where one is: #as=U1&view=C1&thread=TS&panels=staging,inspector
// so that a reload, a bookmark and a second window as another person all work.

const NARROW = window.matchMedia("(max-width: 720px)");
const ROOMY = window.matchMedia("(min-width: 1240px)");

const WIDE = window.matchMedia("(min-width: 1640px)");

/** True where thread and staging map fit side by side. */
export function isWide() {
  return WIDE.matches;
}

/** True where one pane fills the screen. */
export function isNarrow() {
  return NARROW.matches;
}

/** Calls `tell` when the page becomes narrow or stops being so. */
export function onWidthClass(tell) {
  NARROW.addEventListener("change", tell);
  WIDE.addEventListener("change", tell);
}

/** What the address says: as, view, thread, panels; each may be missing. */
export function readRoute() {
  const fields = new URLSearchParams(window.location.hash.slice(1));
  const panels = fields.get("panels");
  const open = panels === null ? (ROOMY.matches ? ["staging"] : []) : panels.split(",");
  return {
    as: fields.get("as"),
    view: fields.get("view"),
    thread: fields.get("thread"),
    panels: { staging: open.includes("staging"), inspector: open.includes("inspector") },
  };
}

/** Writes the address without a new entry in the browser's history for mere panels. */
export function writeRoute({ me, view, thread, panels }) {
  const fields = new URLSearchParams();
  if (me) fields.set("as", me);
  if (view) fields.set("view", view);
  if (thread) fields.set("thread", thread);
  fields.set(
    "panels",
    Object.keys(panels)
      .filter((name) => panels[name])
      .join(","),
  );
  const hash = `#${fields}`;
  if (hash === window.location.hash) return;
  const moved = readRoute().view !== view && window.location.hash !== "";
  window.history[moved ? "pushState" : "replaceState"](null, "", hash);
}
