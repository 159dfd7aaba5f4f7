// The open channel's messages.

import { h } from "./dom.js";
import { createMessageList } from "./message-list.js";
import { sender } from "./people.js";
import { channel, directory, placeName } from "./state.js";

/** Draws the list into `node` and announces what is new. */
export function mountMessages(node, app) {
  const { store } = app;
  const list = createMessageList(app, {
    label: "Messages",
    testid: "message-list",
    inThread: false,
    empty: () => emptyState(store.state),
  });
  node.append(list.node);
  const announce = createAnnouncer(store);
  store.watch(["view", "me"], () => {
    node.hidden = store.state.view === "home";
    list.reset();
  });
  store.watch(["messages", "failedActions", "world"], ({ messages, view }) => {
    if (messages?.channel !== view) return;
    list.show(messages.list);
    announce(messages);
  });
}

function emptyState(state) {
  const command = state.world.commands.find(({ command: name }) => name.endsWith("-health")) ?? state.world.commands[0];
  const open = channel(state);
  const name = open && `${open.is_im ? "@" : "#"}${placeName(open, state)}`;
  return [
    h("h2", {}, `This is the start of ${name}`),
    h(
      "p",
      {},
      "No messages yet. ",
      ...(command ? ["Type ", h("code", {}, command.command), " to ask how staging is."] : ["Say something below."]),
    ),
  ];
}

/** Says each new message once, in the live region, after the first load of a channel. */
function createAnnouncer(store) {
  let heard = { place: null, ts: new Set() };
  return ({ channel: id, user, list }) => {
    const place = `${id} ${user}`;
    const fresh = list.filter((message) => !heard.ts.has(message.ts) && message.user !== store.state.me);
    const first = heard.place !== place;
    heard = { place, ts: new Set(list.map((message) => message.ts)) };
    if (first || fresh.length === 0) return;
    const names = directory(store.state);
    document.getElementById("announcer").textContent = fresh
      .map((message) => `${sender(message, names).name}: ${message.text}`)
      .join("\n");
  };
}
