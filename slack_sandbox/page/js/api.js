// The people side of the sandbox's HTTP interface. Every call answers an object with `ok`; none throws.

const BASE = "/sandbox/api";

async function request(method, path, body) {
  try {
    const response = await fetch(BASE + path, {
      method,
      headers: body ? { "Content-Type": "application/json" } : {},
      body: body && JSON.stringify(body),
      cache: "no-store",
    });
    return await answerOf(response);
  } catch {
    return failure("no_connection", "The sandbox does not answer. Is it still running?");
  }
}

async function answerOf(response) {
  const answer = await response.json().catch(() => null);
  if (answer === null || typeof answer !== "object") {
    return failure(`http_${response.status}`, `The sandbox answered ${response.status} without saying why.`);
  }
  return { ...answer, ok: answer.ok ?? response.ok };
}

const failure = (error, message) => ({ ok: false, error, message });

/** What to tell the person about an answer that is not ok. */
export function reasonOf(answer) {
  return answer.message || `That did not work: ${answer.error || "no reason was given"}.`;
}

const query = (values) => new URLSearchParams(values).toString();

export const fetchState = (user) => request("GET", `/state?${query(user ? { user } : {})}`);

export const streamAddress = (user, after) => `${BASE}/stream?${query({ user, after })}`;

/** `message`: {user, channel, text, thread_ts?}. A text that starts with "/word" is a slash command. */
export const postMessage = (message) => request("POST", "/messages", message);

/** `action`: see the Block Kit payload `block_actions`; the answer comes when the app has acknowledged. */
export const postAction = (action) => request("POST", "/actions", action);

export const submitView = (id, user, state) =>
  request("POST", `/views/${encodeURIComponent(id)}/submit`, { user, state });

/** What the app offers for the text `asked.value` in a menu; answers {ok, options | option_groups}. */
export const suggest = (asked) => request("POST", "/suggestions", asked);

/** `used`: {user, callback_id}, and for a shortcut of a message {channel, message_ts}. */
export const useShortcut = (used) => request("POST", "/shortcuts", used);

/** `what`: edit, delete, react, pin, read; `body`: {user, channel, ts, …}. */
export const onMessage = (what, body) => request("POST", `/messages/${what}`, body);

/** What the sandbox is told to do: GET without a body, POST with one. */
export const direct = (what, body) => request(body ? "POST" : "GET", `/${what}`, body);

export const transcriptAddress = (user, channel) => `${BASE}/transcript?${query({ user, channel })}`;

/** With `everything` the whole stack closes. */
export const closeView = (id, user, everything) =>
  request("POST", `/views/${encodeURIComponent(id)}/close`, { user, everything });

/** Enters the App Home; answers the direct message with the app. */
export const openHome = (user, tab, app_id) => request("POST", "/app_home", { user, tab, app_id });

export const createChannel = (user, name, is_private) => request("POST", "/channels", { user, name, is_private });

/** `what`: rename, topic, invite, kick, leave, make_private; `body` what each needs. */
export const changeChannel = (id, what, body) =>
  request("POST", `/channels/${encodeURIComponent(id)}/${what}`, body);

export const archiveChannel = (id, user) =>
  request("POST", `/channels/${encodeURIComponent(id)}/archive`, { user });

export const unarchiveChannel = (id, user) =>
  request("POST", `/channels/${encodeURIComponent(id)}/unarchive`, { user });

export const joinChannel = (id, user) =>
  request("POST", `/channels/${encodeURIComponent(id)}/join`, { user });
