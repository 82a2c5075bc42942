// Who one is and where one looks: in the address, so that it can be shared and survives a reload; and what was read.

const USER = "slack-sandbox.user";
const READ = "slack-sandbox.read.";

// The address of a message, as chat.getPermalink answers it: /archives/C…/p1763882000000100?thread_ts=…
const PERMALINK = /^\/archives\/([^/]+)(?:\/p(\d{10})(\d{6}))?/;

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

/** {channel id: ts of the newest message that `user` saw in this browser}. */
export const readMarks = (user) => JSON.parse(remembered(READ + user) ?? "{}");

export const writeMarks = (user, marks) => remember(READ + user, JSON.stringify(marks));

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
