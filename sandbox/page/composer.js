// The field to write in: messages, slash commands with completion, history.

import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { channel, placeName } from "./state.js";
import { escape } from "./text/mrkdwn.js";

const TALLEST_PX = 220;
const TOLD_BY_SLACKBOT = new Set(["operation_timeout", "dispatch_failed"]); // as at Slack: a message only for you

/** The channel's composer, under its messages. */
export function mountComposer(node, app) {
  node.append(
    createComposer(app, { testid: "composer-input", label: "Message", threadTs: () => null, commands: true }),
  );
}

/** A composer; `threadTs()` tells where messages go, `commands` whether slash commands are offered. */
export function createComposer(app, options) {
  const { store } = app;
  const parts = build(options);
  const completion = options.commands ? createCompletion(parts, store) : null;
  const history = createHistory(parts.input);
  const submit = () => {
    const text = parts.input.value.trim();
    if (!text) return;
    if (send(text, app, parts, options)) {
      history.add(text);
      setText(parts.input, "");
    }
    completion?.update();
  };
  parts.input.addEventListener("input", () => {
    grow(parts.input);
    parts.notice.replaceChildren();
    completion?.update();
  });
  parts.input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (completion?.key(event) || history.key(event)) return event.preventDefault();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    submit();
  });
  parts.input.addEventListener("blur", () => completion?.close());
  parts.form.addEventListener("submit", (event) => (event.preventDefault(), submit()));
  store.watch(["view", "world", "me"], (state) => {
    const open = channel(state);
    parts.input.placeholder = !options.commands
      ? "Reply…"
      : open
        ? `Message ${open.is_im ? "@" : "#"}${placeName(open, state)}, or / for commands`
        : "";
  });
  return parts.form;
}

function build({ testid, label }) {
  const listId = freshId("commands");
  const input = h("textarea", {
    rows: 1,
    "data-testid": testid,
    "aria-label": label,
    autocomplete: "off",
    spellcheck: "true",
    role: "combobox",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    "aria-controls": listId,
  });
  const list = h("ul", {
    class: "completion",
    id: listId,
    role: "listbox",
    "aria-label": "Commands",
    "data-testid": "command-list",
    hidden: true,
  });
  const notice = h("div", { class: "notice", role: "alert", "data-testid": testid.replace("input", "notice") });
  const pending = h("div", { class: "pending", role: "status" });
  const form = h(
    "form",
    { class: "composer" },
    list,
    notice,
    h("div", { class: "composer-box" }, input, h("button", { class: "send", "aria-label": "Send" }, icon("send"))),
    pending,
  );
  return { form, input, list, notice, pending };
}

function setText(input, text) {
  input.value = text;
  grow(input);
}

function grow(input) {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, TALLEST_PX)}px`;
}

/** Sends what was typed. Answers false where it stays in the field. */
function send(text, app, parts, options) {
  const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const known = app.store.state.world.commands.some((candidate) => candidate.command === command);
  if (command && options.commands) {
    if (!known) {
      refuse(parts.notice, command);
      return false;
    }
    run(command, rest, app, parts);
    return true;
  }
  if (command && known) {
    notify(
      parts.notice,
      `${command} cannot be used in a thread.`,
      "Slack does not offer slash commands there. Type it in the channel.",
    );
    return false;
  }
  app.act.say(asSent(text, app.store.state.world), options.threadTs());
  return true;
}

async function run(command, text, app, parts) {
  const line = h("span", {}, h("span", { class: "spinner", "aria-hidden": "true" }), `Sending ${command}…`);
  parts.pending.append(line);
  try {
    await app.act.command(command, text);
  } catch (error) {
    if (TOLD_BY_SLACKBOT.has(error.code)) return;
    notify(parts.notice, `${command} failed with the error "${error.code}"`, `${error.message} ${error.advice}`);
  } finally {
    line.remove();
  }
}

function refuse(notice, command) {
  notify(
    notice,
    `${command} is not a valid command.`,
    'In Slack, all messages that start with the "/" character are interpreted as commands. Type / to see those of this workspace.',
  );
}

function notify(notice, title, detail) {
  notice.replaceChildren(h("strong", {}, title), h("span", {}, detail));
}

/** Typed text as Slack's clients send it: escaped, with mentions turned into references. */
function asSent(text, world) {
  const user = new Map(world.users.map(({ name, id }) => [name, id]));
  user.set(world.bot.name, world.bot.user_id);
  const channels = new Map(world.channels.map(({ name, id }) => [name, id]));
  return escape(text)
    .replace(/(^|\s)@([\w.-]+)/g, (whole, before, name) => (user.has(name) ? `${before}<@${user.get(name)}>` : whole))
    .replace(/(^|\s)#([\w.-]+)/g, (whole, before, name) =>
      channels.has(name) ? `${before}<#${channels.get(name)}>` : whole,
    );
}

/** The list of commands above the field: arrows, Tab or Enter, Escape. */
function createCompletion({ input, list }, store) {
  let offered = [];
  let at = 0;
  const close = () => {
    offered = [];
    draw();
  };
  const choose = (entry) => {
    setText(input, `${entry.command} `);
    input.focus();
    close();
  };
  const draw = () => {
    list.hidden = offered.length === 0;
    input.setAttribute("aria-expanded", String(offered.length > 0));
    list.replaceChildren(
      ...offered.map((entry, index) => option(entry, index === at, `${list.id}-${index}`, () => choose(entry))),
    );
    if (offered.length) input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const update = () => {
    const typed = /^\/\S*$/.test(input.value) ? input.value.toLowerCase() : null;
    offered = typed === null ? [] : store.state.world.commands.filter(({ command }) => command.startsWith(typed));
    at = 0;
    draw();
  };
  const step = (by) => {
    at = (at + by + offered.length) % offered.length;
    draw();
  };
  const complete = (event) => {
    if (event.shiftKey || (event.key === "Enter" && offered[at].command === input.value)) return false;
    choose(offered[at]);
    return true;
  };
  const keys = {
    ArrowDown: () => (step(1), true),
    ArrowUp: () => (step(-1), true),
    Tab: complete,
    Enter: complete,
    Escape: (event) => (event.stopPropagation(), close(), true),
  };
  return {
    update,
    close,
    key: (event) => (offered.length > 0 && Object.hasOwn(keys, event.key) ? keys[event.key](event) : false),
  };
}

function option(entry, chosen, id, choose) {
  return h(
    "li",
    {
      id,
      role: "option",
      "aria-selected": String(chosen),
      onmousedown: (event) => (event.preventDefault(), choose()), // before the field loses focus
    },
    h("span", { class: "command" }, entry.command, " ", h("span", { class: "usage" }, entry.usage_hint ?? "")),
    h("span", { class: "command-description" }, entry.description ?? ""),
  );
}

/** Up brings back what was sent, Down goes forward again. */
function createHistory(input) {
  const sent = [];
  let at = 0;
  return {
    add(text) {
      if (sent.at(-1) !== text) sent.push(text);
      at = sent.length;
    },
    key(event) {
      const browsing = at < sent.length && input.value === sent[at];
      if (event.key === "ArrowUp" && (input.value === "" || browsing) && at > 0) at -= 1;
      else if (event.key === "ArrowDown" && browsing) at += 1;
      else return false;
      setText(input, sent[at] ?? "");
      return true;
    },
  };
}
