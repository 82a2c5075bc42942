// Where the person is: pure steps from one state to the next.

import { channelGroups, isHome, newestTs, unreadOf } from "./selectors.js";

/** People one can be: bots are not among them. */
export const people = (state) => Object.values(state.users).filter((user) => !user.is_bot && !user.deleted);

/** Another user looks at the workspace; what only the former one might see goes at once. */
export const asUser = (state, user, read) => ({
  ...state,
  user,
  read,
  loaded: false,
  ephemerals: {},
  views: [],
  homes: {},
  newSince: null,
});

/** Opens a channel, or the Home `tab` of the app; where there is news, `newSince` remembers where it starts. */
export function atChannel(state, channel, thread = null, tab = "messages") {
  const unread = unreadOf(state, channel).count > 0;
  return markRead({ ...state, channel, thread, tab, newSince: unread ? (state.read[channel] ?? "0") : null });
}

/** Makes user and channel ones that exist; those that the state names stay, if they do. */
export function settled(state) {
  const user = state.users[state.user] ? state.user : (people(state)[0]?.id ?? null);
  if (state.channels[state.channel]) return { ...state, user };
  const { joined, others, archived } = channelGroups({ ...state, user });
  return { ...state, user, channel: [...joined, ...others, ...archived][0]?.id ?? null, thread: null };
}

/** Everything in the open channel has been seen. */
export function markRead(state) {
  const newest = !isHome(state) && state.channel && newestTs(state, state.channel);
  if (!newest || newest <= (state.read[state.channel] ?? "0")) return state;
  return { ...state, read: { ...state.read, [state.channel]: newest } };
}
