// Questions to the state. Pure.

const byTs = (a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0);

/** Every message of a channel that this user may see, oldest first. */
export function allMessages(state, channel) {
  const shown = Object.values(state.messages[channel] ?? {});
  const ephemeral = Object.values(state.ephemerals[channel] ?? {}).map(asEphemeral);
  return [...shown, ...ephemeral].sort(byTs);
}

const marked = new WeakMap();

// The same object for the same message, so that an unchanged ephemeral message is not drawn again.
function asEphemeral(message) {
  if (!marked.has(message)) marked.set(message, { ...message, ephemeral: true });
  return marked.get(message);
}

export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

export const inChannel = (message) => !isReply(message) || message.subtype === "thread_broadcast";

/** {thread ts: {count, latest, authors: [author id…]}} of all threads among `messages`. */
export function threadsOf(messages) {
  const threads = {};
  for (const message of messages) {
    if (!isReply(message) || message.ephemeral) continue;
    const thread = (threads[message.thread_ts] ??= { count: 0, latest: null, authors: [] });
    thread.count += 1;
    thread.latest = message.ts;
    const author = authorId(message);
    if (!thread.authors.includes(author)) thread.authors.push(author);
  }
  return threads;
}

export const authorId = (message) => message.user ?? message.bot_id ?? "";

export const isFromApp = (state, message) =>
  Boolean(message.bot_id) || message.subtype === "bot_message" || Boolean(appOf(state, message.user));

/** How many messages the user has not read in `channel`, and how many of those speak to them. */
export function unreadOf(state, channel) {
  const since = state.read[channel] ?? "0";
  const fresh = allMessages(state, channel).filter(
    (message) =>
      message.ts > since && inChannel(message) && message.user !== state.user && !isSystem(message),
  );
  return { count: fresh.length, mentions: fresh.filter((message) => speaksTo(state.user, message)).length };
}

const speaksTo = (user, message) =>
  message.ephemeral ||
  message.text?.includes(`<@${user}`) ||
  /<!(here|channel|everyone)/.test(message.text ?? "");

const SYSTEM = /^(channel_|group_|pinned_item|bot_add|bot_remove)/;

/** Whether it is a line about the channel ("… has joined") rather than something somebody said. */
export const isSystem = (message) => SYSTEM.test(message.subtype ?? "");

export function newestTs(state, channel) {
  const messages = allMessages(state, channel);
  return messages.length ? messages[messages.length - 1].ts : null;
}

/** The app whose bot this user is, if any. */
export const appOf = (state, botUser) =>
  Object.values(state.apps).find((app) => app.bot_user_id === botUser) ?? null;

/** The app that a direct message is with. */
export const appOfChannel = (state, channel) =>
  Object.values(state.apps).find((app) => channel?.is_im && channel.members?.includes(app.bot_user_id)) ?? null;

/** The direct message of this user with the app, if there is one. */
export const appChannel = (state, app) =>
  Object.values(state.channels).find((channel) => appOfChannel(state, channel)?.id === app.id) ?? null;

/** Whether the Home tab of the app is what one looks at. */
export const isHome = (state) => state.tab === "home" && Boolean(state.channels[state.channel]?.is_im);

/** Channels for the sidebar: those of the user, then other public ones, then archived ones; each by name. */
export function channelGroups(state) {
  const all = Object.values(state.channels).filter((channel) => !channel.is_im);
  const channels = all.sort((a, b) => a.name.localeCompare(b.name));
  return {
    joined: channels.filter((channel) => !channel.is_archived && isMember(state, channel)),
    others: channels.filter((channel) => !channel.is_archived && !isMember(state, channel)),
    archived: channels.filter((channel) => channel.is_archived),
  };
}

export const isMember = (state, channel) =>
  channel.is_member ?? channel.members?.includes(state.user) ?? true;

export const topView = (state) => state.views[state.views.length - 1] ?? null;
