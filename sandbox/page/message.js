// One message.

import { blockContext, createValues } from "./app.js";
import { renderBlocks } from "./blocks/index.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, sender } from "./people.js";
import { directory } from "./state.js";
import { ago, clock, exact } from "./text/dates.js";
import { emojiByName } from "./text/emoji.js";
import { mrkdwn } from "./text/mrkdwn.js";

const QUICK = ["white_check_mark", "eyes", "+1"];
const kept = new Map();

/** What people entered or unfolded in a message stays while the message is updated. */
function keptOf(ts) {
  if (!kept.has(ts)) kept.set(ts, { values: createValues(), folds: new Map() });
  return kept.get(ts);
}

/** A list item for `message`. `compact`: same sender as just before. `inThread`: no reply bar. */
export function renderMessage(message, app, { compact, inThread }) {
  const names = directory(app.store.state);
  const from = sender(message, names);
  const seconds = Number(message.ts);
  const ephemeral = Boolean(message.ephemeral_to);
  return h(
    "li",
    {
      class: `message ${compact ? "compact" : ""} ${ephemeral ? "ephemeral" : ""}`,
      "data-ts": message.ts,
      "data-testid": "message",
      "data-user": message.user,
      "aria-label": `${from.name}, ${clock(seconds, names.tz)}`,
    },
    compact
      ? h("time", { class: "gutter-time", title: exact(seconds, names.tz) }, clock(seconds, names.tz))
      : avatar(from.id, from.name, { bot: from.whybot }),
    h(
      "div",
      { class: "message-body" },
      ephemeral ? h("p", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
      compact ? null : byline(from, seconds, names, message),
      content(message, app, names, compact),
      app.store.state.failedActions.has(message.ts) ? failure() : null,
      reactions(message, app),
      inThread ? null : replies(message, app),
    ),
    ephemeral ? null : hoverTools(message, app, inThread),
  );
}

function byline(from, seconds, names, message) {
  return h(
    "p",
    { class: "byline" },
    h("span", { class: "name", title: from.title }, from.name),
    from.app ? h("span", { class: "badge" }, "APP") : null,
    h(
      "time",
      { title: exact(seconds, names.tz), datetime: new Date(seconds * 1000).toISOString() },
      clock(seconds, names.tz),
    ),
    message.blocks?.length ? editedMark(message, names) : null,
  );
}

/** "(edited)": beside the name of a card, behind a text. */
function editedMark(message, names) {
  if (!message.edited) return null;
  const at = Number(message.edited.ts);
  return h("span", { class: "edited", title: at ? exact(at, names.tz) : null }, "(edited)");
}

function content(message, app, names, compact) {
  if (!message.blocks?.length)
    return h("div", { class: "text" }, ...mrkdwn(message.text ?? "", names), " ", editedMark(message, names));
  const context = blockContext(app, "message", message.ts, { ts: message.ts }, keptOf(message.ts));
  return h(
    "div",
    { class: "blocks" },
    ...renderBlocks(message.blocks, context),
    compact ? editedMark(message, names) : null,
  );
}

function failure() {
  return h(
    "p",
    { class: "press-failed", role: "note" },
    icon("warning"),
    "whybot did not acknowledge the last press. Press again, or look at its log.",
  );
}

function reactions(message, app) {
  const mine = (reaction) => (reaction.users ?? []).includes(app.store.state.me);
  const list = message.reactions ?? [];
  if (list.length === 0) return null;
  return h(
    "div",
    { class: "reactions" },
    ...list.map((reaction) =>
      h(
        "button",
        {
          type: "button",
          class: "reaction",
          "aria-pressed": String(mine(reaction)),
          "data-reaction": reaction.name,
          "aria-label": `${reaction.name}, ${reaction.count ?? reaction.users?.length}`,
          onclick: () => app.act.react(message, reaction.name),
        },
        emojiByName(reaction.name) ?? `:${reaction.name}:`,
        h("span", {}, reaction.count ?? reaction.users?.length),
      ),
    ),
  );
}

function replies(message, app) {
  if (!message.reply_count) return null;
  const last = message.latest_reply ? `Last reply ${ago(Number(message.latest_reply))}` : "";
  return h(
    "button",
    { type: "button", class: "reply-bar", "data-testid": "reply-bar", onclick: () => app.act.openThread(message.ts) },
    h("strong", {}, message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`),
    message.latest_reply
      ? h("time", { "data-at": message.latest_reply, "data-format": "Last reply {ago}" }, last)
      : null,
  );
}

function hoverTools(message, app, inThread) {
  return h(
    "div",
    { class: "hover-tools" },
    ...QUICK.map((name) =>
      h(
        "button",
        {
          type: "button",
          class: "tool small",
          "aria-label": `React with ${name.replaceAll("_", " ")}`,
          onclick: () => app.act.react(message, name),
        },
        emojiByName(name),
      ),
    ),
    inThread
      ? null
      : h(
          "button",
          {
            type: "button",
            class: "tool small",
            title: "Reply in thread",
            "aria-label": "Reply in thread",
            onclick: () => app.act.openThread(message.ts),
          },
          icon("reply"),
        ),
  );
}
