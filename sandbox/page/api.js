// The sandbox's control API. Every failure becomes a ControlError with a code and a sentence.

const ADVICE = {
  unreachable: "Is whybot demo still running in its terminal? This page connects again by itself.",
  operation_timeout: "Try again; its log and the raw traffic panel say more.",
  not_connected: "whybot is not connected. Look at its terminal; it connects again by itself.",
  bot_not_connected: "whybot is not connected. Look at its terminal; it connects again by itself.",
  dispatch_failed: "whybot is not connected, or refused the request. Look at its terminal.",
};

/** A call that failed. `code` as the server names it, `message` a sentence, `advice` what to do. */
export class ControlError extends Error {
  constructor(code, message, answer = null) {
    super(message);
    this.name = "ControlError";
    this.code = code;
    this.answer = answer;
    this.advice = ADVICE[code] ?? "Try again. The raw traffic panel shows what was sent and answered.";
  }
}

async function request(method, path, { query = {}, body } = {}) {
  const asked = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const address = asked.length ? `${path}?${new URLSearchParams(asked)}` : path;
  const options = { method, headers: { accept: "application/json" } };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new ControlError("unreachable", "The sandbox does not answer.");
  }
  return answerOf(response);
}

async function answerOf(response) {
  let answer = null;
  try {
    answer = await response.json();
  } catch {
    throw new ControlError(`http_${response.status}`, `The sandbox answered ${response.status} without JSON.`);
  }
  if (answer.ok === false || !response.ok) {
    const code = answer.error ?? `http_${response.status}`;
    throw new ControlError(code, answer.message ?? `The sandbox answered: ${code}.`, answer);
  }
  return answer;
}

const root = "/sandbox/api";

/** One function per call; each takes and answers what the control API does. */
export const api = {
  state: () => request("GET", `${root}/state`),
  messages: (query) => request("GET", `${root}/messages`, { query }),
  calls: (since) => request("GET", `${root}/calls`, { query: { since } }),
  views: (user) => request("GET", `${root}/views`, { query: { user } }),
  command: (body) => request("POST", `${root}/command`, { body }),
  action: (body) => request("POST", `${root}/action`, { body }),
  view: (body) => request("POST", `${root}/view`, { body }),
  message: (body) => request("POST", `${root}/message`, { body }),
  reaction: (body) => request("POST", `${root}/reaction`, { body }),
  home: (user) => request("POST", `${root}/home`, { body: { user } }),
  applyFault: (body) => request("POST", `${root}/faults`, { body }),
  changeCloud: (body) => request("POST", `${root}/cloud`, { body }),
  mend: (id) => request("DELETE", `${root}/faults`, { query: { id } }),
};
