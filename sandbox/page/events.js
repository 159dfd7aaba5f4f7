// Server-sent events with a reconnect of our own: EventSource gives up for good on an HTTP error.

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

/**
 * Listens for changes. `onOpen` is called at every (re)connection, before any event of it: whoever refetches
 * there loses nothing that happened while the line was down. `onEvent` gets the decoded event.
 */
export function listen(address, { onOpen, onEvent, onDown }) {
  let pause = FIRST_PAUSE_MS;
  const connect = () => {
    const source = new EventSource(address);
    source.onopen = () => {
      pause = FIRST_PAUSE_MS;
      onOpen();
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      source.close();
      onDown();
      window.setTimeout(connect, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
  };
  connect();
}

/**
 * Turns `load` into a refresh that never runs twice at once and never misses a request: one that comes while
 * a load is under way causes another load after it, since the running one may have read the older state.
 */
export function coalesced(load, report) {
  let running = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      try {
        await load();
      } catch (error) {
        report(error);
      }
    } while (again);
    running = null;
  };
  return () => {
    again = true;
    running ??= run();
    return running;
  };
}
