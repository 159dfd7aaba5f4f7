// Builds the page. Everything that listens or draws is started here.

import { createApp } from "./app.js";
import { mountComposer } from "./composer.js";
import { listen } from "./events.js";
import { mountHeader } from "./header.js";
import { mountHome } from "./home.js";
import { mountInspector } from "./inspector.js";
import { mountMessages } from "./messages.js";
import { mountModals } from "./modals.js";
import { readRoute } from "./route.js";
import { mountSidebar } from "./sidebar.js";
import { mountStaging } from "./staging/panel.js";
import { mountTabs } from "./tabs.js";
import { refreshAges } from "./text/dates.js";
import { restoreTheme } from "./theme.js";
import { mountThread } from "./thread.js";

const AGES_EVERY_MS = 20000;

function start() {
  restoreTheme();
  const at = (id) => document.getElementById(id);
  const app = createApp(readRoute());
  mountSidebar(at("sidebar"), at("scrim"), app);
  mountHeader(at("channel-header"), at("connection"), app);
  mountMessages(at("conversation"), app);
  mountComposer(at("conversation"), app);
  mountHome(at("home"), app);
  mountThread(at("thread"), app);
  mountStaging(at("staging"), app);
  mountInspector(at("inspector"), app);
  mountTabs(at("tabs"), app);
  mountModals(at("modals"), app);
  at("skip").addEventListener("click", () => document.querySelector("[data-testid=composer-input]")?.focus());
  window.addEventListener("popstate", () => followAddress(app));
  document.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && closeOne(app));
  document.addEventListener("click", (event) => followChannelLink(event, app));
  window.setInterval(refreshAges, AGES_EVERY_MS);
  listen("/sandbox/events", {
    onOpen: () => catchUp(app),
    onEvent: (event) => hear(event, app),
    onDown: () => app.store.set({ connection: "reconnecting" }),
  });
}

/** After every (re)connection all is read again: what changed meanwhile sent no event that we heard. */
async function catchUp({ store, refresh, act }) {
  const first = store.state.world === null;
  store.set({ connection: "live", calls: [] });
  await refresh.world();
  if (first && store.state.view === "home") act.open("home");
  for (const load of [refresh.messages, refresh.thread, refresh.views, refresh.calls]) load();
}

const HEARD = {
  message(event, { store, refresh }) {
    const { view, unread, me } = store.state;
    if (event.user && event.user !== me) return; // for another person alone
    if (event.channel && event.channel !== view) {
      store.set({ unread: new Set(unread).add(event.channel) });
      return;
    }
    refresh.messages();
    refresh.thread();
  },
  view: (event, { store, refresh }) => (!event.user || event.user === store.state.me) && refresh.views(),
  call: (event, { refresh }) => refresh.calls(),
  state: (event, { refresh }) => refresh.world(),
};

function hear(event, app) {
  if (Object.hasOwn(HEARD, event.kind)) HEARD[event.kind](event, app);
}

/** Escape closes what lies on top: the sidebar drawer, then the thread, then a panel. */
function closeOne({ store, act }) {
  const { drawer, thread, panels } = store.state;
  if (drawer) store.set({ drawer: false });
  else if (thread) act.closeThread();
  else if (panels.inspector) act.togglePanel("inspector", false);
  else if (panels.staging && window.matchMedia("(max-width: 1239px)").matches) act.togglePanel("staging", false);
}

function followChannelLink(event, { act }) {
  const target = event.target.closest?.("[data-open-channel]");
  if (!target) return;
  event.preventDefault();
  act.open(target.dataset.openChannel);
}

function followAddress({ store, act }) {
  const { view, thread, as } = readRoute();
  if (as && as !== store.state.me) act.become(as);
  if (view && view !== store.state.view) act.open(view);
  if (thread && thread !== store.state.thread) act.openThread(thread);
}

start();
