// What the parts of the page share: the store, the loads that keep it true, and what a person can do.

import { api } from "./api.js";
import { coalesced } from "./events.js";
import { isNarrow, writeRoute } from "./route.js";
import { channelsOf, createStore, directory, INITIAL } from "./state.js";
import { toastError } from "./toast.js";

const CALLS_KEPT = 500;

/** The application: {store, refresh, act}. */
export function createApp(route) {
  const store = createStore({ ...INITIAL, me: route.as, view: route.view, thread: route.thread, panels: route.panels });
  const report = (error) => {
    if (error.code !== "unreachable" || store.state.connection === "live") toastError(error);
  };
  const refresh = Object.fromEntries(
    Object.entries(LOADS).map(([name, load]) => [name, coalesced(() => load(store), report)]),
  );
  const app = { store, refresh, act: null };
  app.act = actions(app, report);
  store.watch(["me", "view", "thread", "panels"], (state) => state.world && writeRoute(state));
  return app;
}

const LOADS = {
  world: async ({ state, set }) => {
    const world = await api.state();
    const people = world.users.filter((user) => !user.is_bot);
    const me = people.some((user) => user.id === state.me) ? state.me : (people[0]?.id ?? null);
    set({ world, me, view: viewFor(world, me, state.view) });
  },
  messages: async ({ state, set }) => {
    const asked = { channel: state.view, user: state.me };
    if (!state.world || !asked.channel || asked.channel === "home") return;
    const { messages } = await api.messages(asked);
    if (state.view === asked.channel && state.me === asked.user) set({ messages: { ...asked, list: messages } });
  },
  thread: async ({ state, set }) => {
    const asked = { channel: state.view, thread_ts: state.thread, user: state.me };
    if (!state.world || !asked.thread_ts || asked.channel === "home") return set({ threadMessages: null });
    const { messages } = await api.messages(asked);
    const current = state.view === asked.channel && state.thread === asked.thread_ts && state.me === asked.user;
    if (current) set({ threadMessages: { ...asked, list: messages } });
  },
  views: async ({ state, set }) => {
    const user = state.me;
    if (!user) return;
    const { modals, home } = await api.views(user);
    if (state.me === user) set({ views: { modals: modals ?? [], home: home ?? null } });
  },
  calls: async ({ state, set }) => {
    const before = state.calls;
    const { calls } = await api.calls(before[0]?.id ?? null);
    if (state.calls !== before) return; // emptied meanwhile, by a reconnect: that asked for another load
    const known = new Map(before.map((call) => [call.id, call]));
    for (const call of calls) known.set(call.id, call);
    set({ calls: [...known.values()].sort((a, b) => b.id - a.id).slice(0, CALLS_KEPT) });
  },
};

/** The view that is wanted, if this person may see it; else the first channel of theirs. */
function viewFor(world, user, wanted) {
  const channels = channelsOf(world, user);
  return wanted === "home" || channels.some((channel) => channel.id === wanted) ? wanted : (channels[0]?.id ?? null);
}

function actions(app, report) {
  const { store, refresh } = app;
  const { state } = store;
  const attempt = async (call) => {
    try {
      return await call();
    } catch (error) {
      report(error);
      return null;
    }
  };
  const act = {
    attempt,
    become(user) {
      const view = viewFor(state.world, user, state.view);
      const thread = view === state.view ? state.thread : null;
      store.set({
        me: user,
        view,
        thread,
        messages: null,
        threadMessages: null,
        views: { modals: [], home: null },
        drawer: false,
      });
      refresh.messages();
      refresh.thread();
      refresh.views();
      if (state.view === "home") attempt(() => api.home(user));
    },
    open(view) {
      const unread = new Set(state.unread);
      unread.delete(view);
      const changed = state.view !== view;
      const panels = isNarrow() ? { staging: false, inspector: false } : state.panels;
      store.set({
        view,
        unread,
        drawer: false,
        panels,
        ...(changed ? { thread: null, threadMessages: null, messages: null } : {}),
      });
      if (view === "home") attempt(() => api.home(state.me)).then(refresh.views);
      else if (changed) refresh.messages();
    },
    openThread(ts) {
      store.set({ thread: ts, threadMessages: null });
      refresh.thread();
    },
    closeThread: () => store.set({ thread: null, threadMessages: null }),
    togglePanel(name, open = !state.panels[name]) {
      const others = isNarrow() ? { staging: false, inspector: false } : state.panels;
      store.set({ panels: { ...others, [name]: open } });
    },
    react: (message, name) =>
      attempt(() => api.reaction({ user: state.me, channel: state.view, ts: message.ts, name })),
    say: (text, threadTs) =>
      attempt(() =>
        api.message({ user: state.me, channel: state.view, text, ...(threadTs ? { thread_ts: threadTs } : {}) }),
      ),
    command: (command, text) => api.command({ user: state.me, channel: state.view, command, text }),
    press: (where, element, blockId, payload, node) => press(app, where, element, blockId, payload, node),
  };
  return act;
}

/** Sends an action; the control is busy until whybot acknowledges, and a failure stays visible. `where`: {ts} or {view_id}. */
async function press({ store, refresh }, where, element, blockId, payload, node) {
  const { state } = store;
  const origin = where.ts ? { channel: state.view, ts: where.ts } : { view_id: where.view_id };
  const failed = new Set(state.failedActions);
  node.setAttribute("aria-busy", "true");
  try {
    await api.action({
      user: state.me,
      ...origin,
      action_id: element.action_id,
      block_id: blockId,
      type: element.type,
      ...payload,
    });
    failed.delete(where.ts);
  } catch (error) {
    if (where.ts) failed.add(where.ts);
    toastError(error, "That press did not reach whybot");
  } finally {
    node.removeAttribute("aria-busy");
    store.set({ failedActions: failed });
    refresh.views();
  }
}

/** What block renderers need; see blocks/index.js. `kept`: {values, folds} of the surface. */
export function blockContext(app, surface, key, where, kept) {
  return {
    names: directory(app.store.state),
    surface,
    key,
    values: kept.values,
    folds: kept.folds,
    press: (element, blockId, payload, node) => app.act.press(where, element, blockId, payload, node),
  };
}

/** Values entered, by block and action. */
export function createValues() {
  const kept = new Map();
  const key = (block, action) => `${block}\u0000${action}`;
  return {
    get: (block, action) => kept.get(key(block, action))?.value,
    set: (block, action, value) => kept.set(key(block, action), { block, action, value }),
    /** As Slack's view.state.values, for the blocks that are shown. */
    all: (blockIds) => {
      const found = {};
      for (const { block, action, value } of kept.values())
        if (blockIds.has(block)) (found[block] ??= {})[action] = value;
      return found;
    },
  };
}
