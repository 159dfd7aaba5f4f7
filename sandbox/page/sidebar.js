// Workspace, channels, the app's Home, people to act as.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar } from "./people.js";
import { channelsOf, placeName } from "./state.js";

/** Draws the sidebar, and the veil behind it where it is a drawer. */
export function mountSidebar(node, scrim, app) {
  const { store, act } = app;
  scrim.addEventListener("click", () => store.set({ drawer: false }));
  store.watch(["world", "me", "view", "unread"], (state) => state.world && draw(node, state, act));
  store.watch(["drawer"], ({ drawer }) => {
    node.classList.toggle("open", drawer);
    scrim.hidden = !drawer;
    if (drawer) node.querySelector("button, input")?.focus();
  });
}

function draw(node, state, act) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  node.replaceChildren(
    h(
      "div",
      { class: "workspace" },
      h("span", { class: "workspace-name" }, state.world.workspace.name),
      h("span", { class: "workspace-note" }, "local sandbox"),
    ),
    h(
      "div",
      { class: "sidebar-scroll" },
      group(
        "Channels",
        ...channelsOf(state.world, state.me)
          .filter((channel) => !channel.is_im)
          .map((channel) => channelRow(channel, state, act)),
      ),
      ...directMessages(state, act),
      group("Apps", homeRow(state, act)),
      people(state, act),
    ),
    botStatus(state.world.bot),
  );
  if (focused) node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function group(title, ...rows) {
  return h(
    "section",
    { class: "sidebar-group", "aria-label": title },
    h("h2", {}, title),
    h("ul", {}, ...rows.map((row) => h("li", {}, row))),
  );
}

function directMessages(state, act) {
  const mine = channelsOf(state.world, state.me).filter((channel) => channel.is_im);
  return mine.length ? [group("Direct messages", ...mine.map((channel) => channelRow(channel, state, act)))] : [];
}

function channelRow(channel, state, act) {
  const { view, unread } = state;
  const news = unread.has(channel.id);
  return h(
    "button",
    {
      type: "button",
      class: `row ${news ? "unread" : ""}`,
      "data-key": channel.id,
      "data-channel": channel.id,
      "aria-current": view === channel.id ? "page" : null,
      onclick: () => act.open(channel.id),
    },
    icon(channel.is_im ? "chat" : "hash"),
    h("span", {}, placeName(channel, state)),
    news ? h("span", { class: "sr-only" }, " (unread)") : null,
  );
}

function homeRow({ view, world }, act) {
  return h(
    "button",
    {
      type: "button",
      class: "row",
      "data-key": "home",
      "data-testid": "open-home",
      "aria-current": view === "home" ? "page" : null,
      onclick: () => act.open("home"),
    },
    avatar(world.bot.user_id, world.bot.name, { bot: true, size: "small" }),
    h("span", {}, `${world.bot.name} Home`),
  );
}

function people({ world, me }, act) {
  const users = world.users.filter((user) => !user.is_bot);
  const name = users.find((user) => user.id === me)?.name ?? "nobody";
  return h(
    "fieldset",
    { class: "sidebar-group people", "data-testid": "person-select" },
    h("legend", {}, "You are: ", h("strong", { "data-testid": "me" }, name)),
    ...users.map((user) => person(user, user.id === me, act)),
  );
}

function person(user, chosen, act) {
  return h(
    "label",
    { class: "row person", title: user.real_name },
    h("input", {
      type: "radio",
      name: "person",
      value: user.id,
      checked: chosen,
      "data-key": user.id,
      "data-testid": `person-${user.name}`,
      "aria-label": user.name,
      onchange: () => act.become(user.id),
    }),
    avatar(user.id, user.name, { size: "small" }),
    h("span", { class: "person-name" }, user.name),
    h("span", { class: "person-role" }, user.role),
  );
}

function botStatus(bot) {
  const words = bot.connected ? `${bot.name} connected` : `${bot.name} not connected`;
  return h(
    "p",
    { class: "bot-status", "data-testid": "bot-status", "data-connected": String(bot.connected) },
    h("span", { class: `dot ${bot.connected ? "up" : "down"}`, "aria-hidden": "true" }),
    h("span", {}, words),
    bot.connected && bot.mode
      ? h("span", { class: "bot-mode" }, bot.mode === "http" ? "signed HTTP" : "Socket Mode")
      : null,
  );
}
