// Who one is and where one looks: in the address, so that it can be shared and survives a reload.

const USER = "slack-sandbox.user";

// The address of a message, as chat.getPermalink answers it: /archives/C…/p1763882000000100?thread_ts=…
const PERMALINK = /^\/archives\/([^/]+)(?:\/p(\d{10})(\d{6}))?/;

/** The address of a message of `channel`. */
export function permalinkOf(channel, { ts, thread_ts: thread }) {
  const link = `${window.location.origin}/archives/${channel}/p${ts.replace(".", "")}`;
  return thread && thread !== ts ? `${link}?thread_ts=${thread}&cid=${channel}` : link;
}

/** {channel, thread, ts} of a message's address at this sandbox; null for any other address. */
export function placeOfPermalink(address) {
  const url = new URL(address, window.location.origin);
  const found = PERMALINK.exec(url.pathname);
  const isHere = ["127.0.0.1", "localhost"].includes(url.hostname) && url.port === window.location.port;
  if (!found || !isHere) return null;
  const [, channel, seconds, micros] = found;
  return { channel, thread: url.searchParams.get("thread_ts"), ts: seconds ? `${seconds}.${micros}` : null };
}

/** {user, channel, thread, message}; each null where neither the address nor this browser knows. */
export function readPlace() {
  const query = new URLSearchParams(window.location.search);
  const [, channel, seconds, micros] = PERMALINK.exec(window.location.pathname) ?? [];
  return {
    user: query.get("user") || remembered(USER),
    channel: query.get("channel") || channel || null,
    tab: query.get("tab") === "home" ? "home" : "messages",
    thread: query.get("thread") || query.get("thread_ts") || null,
    message: seconds ? `${seconds}.${micros}` : null,
  };
}

/** Writes the place into the address; `isStep` makes the browser's Back button return to the place before. */
export function writePlace({ user, channel, thread, tab }, isStep) {
  if (user) remember(USER, user);
  const place = { user, channel, thread, tab: tab === "home" ? tab : null };
  const query = new URLSearchParams(Object.entries(place).filter(([, value]) => value));
  const address = `/?${query}`;
  if (address === window.location.pathname + window.location.search) return;
  if (isStep) window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
}

// A browser may refuse storage (private windows): the page works without.
function remembered(key) {
  try {
    return window.localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key, value) {
  try {
    window.localStorage.setItem(key, value);
  } catch {
    // Nothing is lost but the memory of it.
  }
}
