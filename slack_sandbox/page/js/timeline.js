// Which lines a list of messages has: day dividers, the line above what is new, messages. Pure.

import { allMessages, authorId, inChannel, isReply, isSystem, threadsOf } from "./selectors.js";
import { dayKey, dayLabel } from "./time.js";

const GROUP_SECONDS = 300;

/** The lines of the open channel, oldest first. */
export function channelLines(state, now) {
  const all = allMessages(state, state.channel);
  return lines(all.filter(inChannel), threadsOf(all), state, now, state.newSince);
}

/** The lines of the open thread: its first message, a count, the replies. */
export function threadLines(state, now) {
  const all = allMessages(state, state.channel);
  const root = all.find((message) => message.ts === state.thread);
  const replies = all.filter((message) => isReply(message) && message.thread_ts === state.thread);
  const shown = lines(root ? [root, ...replies] : replies, {}, state, now, null).filter(
    (line) => line.kind === "message",
  );
  const count = replies.filter((message) => !message.ephemeral).length;
  if (!root || !count) return shown;
  // The first reply stands below a line of its own: it always says who wrote it.
  const [first, second, ...rest] = shown;
  return [first, countLine(count), ungrouped(second), ...rest];
}

const ungrouped = (line) => ({ ...line, grouped: false, parts: line.parts.with(1, false) });

const countLine = (count) => ({
  kind: "count",
  key: "count",
  parts: [count],
  text: count === 1 ? "1 reply" : `${count} replies`,
});

function lines(messages, threads, state, now, newSince) {
  const result = [];
  let before = null;
  for (const message of messages) {
    const newDay = !before || dayKey(before.ts) !== dayKey(message.ts);
    const startsNews = isNews(message, newSince, state) && !result.some((line) => line.kind === "new");
    if (newDay) result.push(dayLine(message, now));
    if (startsNews) result.push({ kind: "new", key: "new", parts: [] });
    const grouped = !newDay && !startsNews && belongTogether(before, message);
    result.push(messageLine(message, grouped, threads, state));
    before = message;
  }
  return result;
}

const isNews = (message, since, state) => since !== null && message.ts > since && message.user !== state.user;

function dayLine(message, now) {
  const text = dayLabel(message.ts, now);
  return { kind: "day", key: `day ${dayKey(message.ts)}`, parts: [text], text };
}

function messageLine(message, grouped, threads, state) {
  const thread =
    threads[message.ts] ??
    (message.reply_count ? { count: message.reply_count, latest: message.latest_reply, authors: [] } : null);
  const root =
    message.subtype === "thread_broadcast"
      ? (state.messages[state.channel]?.[message.thread_ts] ?? message.root)
      : null;
  return {
    kind: "message",
    key: `${state.channel} ${message.ts} ${message.ephemeral ?? ""}`,
    parts: [
      message,
      grouped,
      thread?.count,
      thread?.latest,
      root,
      state.user,
      state.users,
      state.channels,
      state.apps,
    ],
    message,
    grouped,
    thread,
    root,
  };
}

function belongTogether(before, message) {
  const plain = (each) =>
    !each.ephemeral && !isSystem(each) && !each.blocks?.length && each.subtype !== "thread_broadcast";
  const soon = Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
  const sameAuthor = authorId(before) === authorId(message) && before.username === message.username;
  return plain(before) && plain(message) && soon && sameAuthor;
}
