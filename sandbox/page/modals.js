// Modals: a stack of views, the top one in a dialog.

import { api } from "./api.js";
import { blockContext, createValues } from "./app.js";
import { renderBlocks } from "./blocks/index.js";
import { freshId, h, trapTab } from "./dom.js";
import { icon } from "./icons.js";
import { toastError } from "./toast.js";
import { words } from "./text/object.js";

/** Shows the top of the person's modal stack. */
export function mountModals(node, app) {
  const kept = new Map(); // view id -> {values, folds, errors}
  const shown = { dialog: null, fingerprint: "", viewId: null, returnTo: null };
  app.store.watch(["views", "world"], ({ views }) => {
    const top = views.modals.at(-1);
    const fingerprint = JSON.stringify([
      top?.id,
      top?.title,
      top?.submit,
      top?.close,
      top?.blocks,
      views.modals.length,
    ]);
    if (!top) close(shown);
    else if (fingerprint !== shown.fingerprint) open(node, app, shown, kept, top, views.modals.length);
    shown.fingerprint = fingerprint;
    const ids = new Set(views.modals.map((view) => view.id));
    for (const id of kept.keys()) if (!ids.has(id)) kept.delete(id);
  });
}

function close(shown) {
  if (!shown.dialog) return;
  shown.dialog.close();
  shown.dialog.remove();
  if (shown.returnTo?.isConnected) shown.returnTo.focus({ preventScroll: true });
  Object.assign(shown, { dialog: null, viewId: null, returnTo: null });
}

function open(node, app, shown, kept, view, depth) {
  if (!kept.has(view.id)) kept.set(view.id, { values: createValues(), folds: new Map(), errors: {} });
  const same = shown.viewId === view.id && shown.dialog;
  const position = same
    ? [shown.dialog.querySelector(".modal-body").scrollTop, document.activeElement?.dataset.actionId]
    : null;
  shown.returnTo ??= document.activeElement;
  const dialog = build(app, view, depth, kept.get(view.id));
  shown.dialog?.close();
  node.replaceChildren(dialog);
  dialog.showModal();
  if (position) {
    dialog.querySelector(".modal-body").scrollTop = position[0];
    if (position[1]) dialog.querySelector(`[data-action-id="${CSS.escape(position[1])}"]`)?.focus();
  } else
    (
      dialog.querySelector("[data-autofocus]") ??
      dialog.querySelector(".modal-body input, .modal-body textarea, .modal-body select") ??
      dialog.querySelector(".modal-close")
    ).focus();
  Object.assign(shown, { dialog, viewId: view.id });
}

function build(app, view, depth, keep) {
  const titleId = freshId("modal-title");
  const context = blockContext(app, "modal", view.id, { view_id: view.id }, keep);
  const dismiss = () => act(app, { view_id: view.id, close: true });
  const form = h(
    "form",
    { class: "modal-form", novalidate: true },
    h(
      "header",
      { class: "modal-header" },
      h("h2", { id: titleId }, words(view.title)),
      depth > 1 ? h("span", { class: "modal-depth" }, `${depth} of ${depth}`) : null,
      h(
        "button",
        { type: "button", class: "icon-button modal-close", "aria-label": "Close", onclick: dismiss },
        icon("close"),
      ),
    ),
    h("div", { class: "modal-body", tabindex: "-1" }, ...renderBlocks(view.blocks, context)),
    footer(view, dismiss),
  );
  form.addEventListener("submit", (event) => (event.preventDefault(), submit(app, view, form, keep)));
  const dialog = h(
    "dialog",
    { class: "modal", "aria-labelledby": titleId, "data-view-id": view.id, "data-testid": "modal" },
    form,
  );
  dialog.addEventListener("cancel", (event) => (event.preventDefault(), dismiss()));
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault(); // the browser's own close would leave the view open in Slack's eyes
    dismiss();
  });
  trapTab(dialog);
  showErrors(form, keep.errors);
  return dialog;
}

function footer(view, dismiss) {
  const closeText = words(view.close) || (view.submit ? "Cancel" : "");
  if (!closeText && !view.submit) return null;
  return h(
    "footer",
    { class: "modal-footer" },
    closeText ? h("button", { type: "button", class: "button", onclick: dismiss }, closeText) : null,
    view.submit
      ? h("button", { class: "button button-primary", "data-testid": "modal-submit" }, words(view.submit))
      : null,
  );
}

async function submit(app, view, form, keep) {
  keep.errors = emptyRequired(view, keep.values);
  showErrors(form, keep.errors);
  focusFirstError(form);
  if (Object.keys(keep.errors).length) return;
  const button = form.querySelector("[data-testid=modal-submit]");
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const shown = new Set(view.blocks.map((block, index) => block.block_id ?? `b${index}`));
  const answer = await act(app, { view_id: view.id, values: keep.values.all(shown) });
  button.removeAttribute("aria-busy");
  keep.errors = answer?.errors ?? {};
  showErrors(form, keep.errors);
  focusFirstError(form);
}

async function act(app, body) {
  try {
    const answer = await api.view({ user: app.store.state.me, ...body });
    return answer;
  } catch (error) {
    if (error.answer?.errors) return error.answer;
    toastError(error, "whybot could not take the form");
    return null;
  } finally {
    app.refresh.views();
  }
}

/** Slack asks for required fields itself, before the bot hears of the submit. */
function emptyRequired(view, values) {
  const errors = {};
  view.blocks.forEach((block, index) => {
    if (block.type !== "input" || block.optional) return;
    const id = block.block_id ?? `b${index}`;
    const { type, ...content } = values.get(id, block.element.action_id) ?? { type: "" };
    const filled = Object.values(content).some((value) =>
      Array.isArray(value) ? value.length : value !== null && value !== undefined && value !== "",
    );
    if (!filled) errors[id] = "Please complete this required field.";
  });
  return errors;
}

function showErrors(form, errors) {
  for (const block of form.querySelectorAll("[data-block='input']")) {
    const words = Object.hasOwn(errors, block.dataset.blockId) ? errors[block.dataset.blockId] : "";
    block.classList.toggle("invalid", words !== "");
    block.querySelector(".input-error").textContent = words;
    const field = block.querySelector("[data-action-id]");
    if (words) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }
}

function focusFirstError(form) {
  const first = form.querySelector("[aria-invalid]");
  (first?.matches("input, select, textarea") ? first : first?.querySelector("input"))?.focus();
}
