// What the page knows, and who wants to hear of a change.

/**
 * A store of named values. `set` tells each watcher whose keys changed, once per call;
 * `watch` calls at once with what is there.
 */
export function createStore(initial) {
  const state = { ...initial };
  const watchers = [];
  return {
    state,
    set(patch) {
      const changed = Object.keys(patch).filter((key) => !Object.is(state[key], patch[key]));
      if (changed.length === 0) return;
      Object.assign(state, patch);
      for (const { keys, tell } of [...watchers]) if (keys.some((key) => changed.includes(key))) tell(state);
    },
    watch(keys, tell) {
      watchers.push({ keys, tell });
      tell(state);
    },
  };
}

export const INITIAL = {
  world: null, // the answer of /sandbox/api/state
  me: null, // user id of the person that the page acts as
  view: null, // a channel id, or "home"
  thread: null, // ts of the thread's parent, or null
  panels: { staging: false, inspector: false },
  drawer: false, // the sidebar, on a phone
  messages: null, // {channel, user, list}
  threadMessages: null, // {channel, ts, user, list}
  views: { modals: [], home: null },
  calls: [],
  connection: "connecting", // connecting, live, reconnecting
  unread: new Set(),
  failedActions: new Set(), // ts of messages whose last press was not acknowledged
};

/** The person that the page acts as, or null. */
export function me(state) {
  return state.world?.users.find((user) => user.id === state.me) ?? null;
}

/** The open channel, or null on Home. */
export function channel(state) {
  return state.world?.channels.find((candidate) => candidate.id === state.view) ?? null;
}

/** The channels that a person is in: guests and outsiders see no others, as at Slack. */
export function channelsOf(world, user) {
  return world.channels.filter((candidate) => candidate.members.includes(user));
}

/** What people call a channel: its name, or for a direct message the other person's. */
export function placeName(place, state) {
  if (!place.is_im) return place.name;
  const other = place.members.find((id) => id !== state.me) ?? place.name;
  return state.world.users.find((user) => user.id === other)?.name ?? other;
}

/** Name lookups for texts: ids to what people call them. */
export function directory(state) {
  const { users = [], channels = [], usergroups = [], bot = {} } = state.world ?? {};
  const by = (list) => new Map(list.map((item) => [item.id, item]));
  const people = by(users);
  if (bot.user_id && !people.has(bot.user_id)) people.set(bot.user_id, { ...bot, id: bot.user_id, is_bot: true });
  return {
    people,
    channels: by(channels),
    usergroups: by(usergroups),
    me: state.me,
    tz: me(state)?.tz,
    bot: bot.user_id,
  };
}
