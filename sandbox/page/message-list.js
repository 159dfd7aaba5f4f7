// A list of messages that is redrawn item by item: only what changed is replaced, and the reader's place stays.

import { h, swap } from "./dom.js";
import { icon } from "./icons.js";
import { renderMessage } from "./message.js";
import { me, directory } from "./state.js";
import { dayHeading } from "./text/dates.js";

const TOGETHER_S = 300; // messages of one sender within five minutes stand under one name
const NEAR_PX = 60;

/** Builds a scrolling list; answers {node, show(messages), reset()}. */
export function createMessageList(app, { label, testid, inThread, empty }) {
  const list = h("ol", { class: "message-list", "data-testid": testid, "aria-label": label });
  const blank = h("div", { class: "empty" });
  const jump = h(
    "button",
    { type: "button", class: "jump", hidden: true, onclick: () => toEnd() },
    icon("down"),
    "New messages",
  );
  const scroller = h(
    "div",
    { class: "scroller", tabindex: "0", role: "region", "aria-label": label },
    h("div", { class: "spacer" }),
    blank,
    list,
  );
  const drawn = new Map(); // key -> {fingerprint, node}
  let pinned = true;
  const toEnd = () => {
    pinned = true;
    jump.hidden = true;
    scroller.scrollTop = scroller.scrollHeight;
  };
  scroller.addEventListener("scroll", () => {
    pinned = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
    if (pinned) jump.hidden = true;
  });
  const stay = new ResizeObserver(() => pinned && toEnd());
  stay.observe(list);
  stay.observe(scroller);
  return {
    node: h("div", { class: "list-frame" }, scroller, jump),
    show(messages) {
      const came = reconcile(list, drawn, plan(messages, app, inThread));
      blank.replaceChildren(...(messages.length ? [] : empty()));
      if (pinned) toEnd();
      else if (came) jump.hidden = false;
    },
    reset() {
      drawn.clear();
      list.replaceChildren();
      blank.replaceChildren();
      toEnd();
    },
  };
}

/** What the list should hold: [{key, fingerprint, build}], days and messages. */
function plan(messages, app, inThread) {
  const { state } = app.store;
  const tz = me(state)?.tz;
  const shared = namesKey(state);
  const wanted = [];
  let before = null;
  for (const message of messages) {
    const day = dayHeading(Number(message.ts), tz);
    const newDay = !inThread && (!before || dayHeading(Number(before.ts), tz) !== day);
    if (newDay)
      wanted.push({ key: `day ${day}`, fingerprint: day, build: () => h("li", { class: "day" }, h("span", {}, day)) });
    const compact = !newDay && follows(message, before);
    wanted.push({
      key: message.ts + (message.ephemeral_to ?? ""),
      fingerprint: JSON.stringify([message, compact, state.failedActions.has(message.ts), shared]),
      build: () => renderMessage(message, app, { compact, inThread }),
    });
    before = message;
  }
  return wanted;
}

const namesOf = { world: null, text: "", version: 0 };

/** Changes when the person or any name does, since messages show names. */
function namesKey(state) {
  if (namesOf.world !== state.world) {
    const { people, channels, usergroups } = directory(state);
    const text = JSON.stringify([people, channels, usergroups].map((map) => [...map.values()]));
    if (text !== namesOf.text) Object.assign(namesOf, { text, version: namesOf.version + 1 });
    namesOf.world = state.world;
  }
  return `${state.me} ${namesOf.version}`;
}

function follows(message, before) {
  if (!before || before.user !== message.user || before.username !== message.username) return false;
  if (Boolean(before.ephemeral_to) !== Boolean(message.ephemeral_to) || before.reply_count) return false;
  return Number(message.ts) - Number(before.ts) < TOGETHER_S;
}

/** Makes `list` hold what is wanted. Answers whether a message was added. */
function reconcile(list, drawn, wanted) {
  let added = false;
  const keys = new Set(wanted.map((item) => item.key));
  for (const [key, { node }] of drawn) {
    if (keys.has(key)) continue;
    node.remove();
    drawn.delete(key);
  }
  let last = null;
  for (const { key, fingerprint, build } of wanted) {
    const old = drawn.get(key);
    if (!old) {
      const node = build();
      last ? last.after(node) : list.prepend(node);
      drawn.set(key, { fingerprint, node });
      added = true;
    } else if (old.fingerprint !== fingerprint) {
      const node = build();
      swap(old.node, node);
      drawn.set(key, { fingerprint, node });
    }
    const { node } = drawn.get(key);
    const expected = last ? last.nextSibling : list.firstChild;
    if (expected !== node) last ? last.after(node) : list.prepend(node);
    last = node;
  }
  return added;
}
