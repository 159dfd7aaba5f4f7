// The thread pane.

import { createComposer } from "./composer.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { createMessageList } from "./message-list.js";
import { channel, placeName } from "./state.js";

/** Draws the open thread, with a field to reply. */
export function mountThread(node, app) {
  const { store, act } = app;
  const place = h("span", { class: "pane-note" });
  const list = createMessageList(app, {
    label: "Thread messages",
    testid: "thread-list",
    inThread: true,
    empty: () => [],
  });
  const close = h(
    "button",
    { type: "button", class: "icon-button", "aria-label": "Close the thread", onclick: act.closeThread },
    icon("close"),
  );
  const composer = createComposer(app, {
    testid: "thread-input",
    label: "Reply",
    threadTs: () => store.state.thread,
    commands: false,
  });
  node.append(h("header", { class: "pane-header" }, h("h2", {}, "Thread", place), close), list.node, composer);
  let returnTo = null;
  store.watch(["thread", "me", "view"], (state) => {
    const opening = node.hidden && state.thread;
    const closing = !node.hidden && !state.thread;
    if (opening) returnTo = document.activeElement;
    node.hidden = !state.thread;
    const open = channel(state);
    place.textContent = open ? placeName(open, state) : "";
    list.reset();
    if (opening) node.querySelector("textarea").focus();
    if (closing && returnTo?.isConnected) returnTo.focus();
  });
  store.watch(["threadMessages", "failedActions"], ({ threadMessages, thread }) => {
    if (threadMessages?.thread_ts === thread && threadMessages) list.show(threadMessages.list);
  });
}
