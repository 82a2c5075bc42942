// What each event of the stream does to the state. Pure: a state and an event give the next state.

/** The state before anything was heard. `messages` and `ephemerals` are {channel id: {ts: message}}. */
export const EMPTY = {
  loaded: false,
  connection: "connecting",
  reason: "",
  user: null,
  team: {},
  users: {},
  app: {},
  channels: {},
  messages: {},
  ephemerals: {},
  views: [],
  homes: {},
  apps: {},
  usergroups: {},
  emoji: {},
  seq: 0,
  channel: null,
  tab: "messages",
  thread: null,
  read: {},
  newSince: null,
  target: null,
};

// A state that is fetched anew mostly says what we know: then the old objects stay, and nothing is drawn again.
const reuse = (known, fresh) => (known && JSON.stringify(known) === JSON.stringify(fresh) ? known : fresh);

const byKey = (list, key, known = {}) =>
  Object.fromEntries((list ?? []).map((item) => [item[key], reuse(known[item[key]], item)]));

const byChannel = (lists, known) =>
  Object.fromEntries(
    Object.entries(lists ?? {}).map(([channel, list]) => [channel, byKey(list, "ts", known[channel])]),
  );

// Marks only move on, whichever tab they come from.
function furthest(known, other = {}) {
  const ahead = Object.entries(other).filter(([channel, ts]) => ts > (known[channel] ?? "0"));
  return ahead.length ? { ...known, ...Object.fromEntries(ahead) } : known;
}

/** Takes over the whole state that the server answered. */
export function load(state, answer) {
  return {
    ...state,
    loaded: true,
    team: reuse(state.team, answer.team ?? {}),
    users: reuse(state.users, byKey(answer.users, "id")),
    app: reuse(state.app, answer.app ?? {}),
    channels: reuse(state.channels, byKey(answer.channels, "id")),
    messages: byChannel(answer.messages, state.messages),
    ephemerals: byChannel(answer.ephemerals, state.ephemerals),
    views: reuse(state.views, answer.views ?? []),
    homes: reuse(state.homes, answer.homes ?? {}),
    apps: reuse(state.apps, byKey(answer.apps, "id")),
    emoji: reuse(state.emoji, answer.emoji ?? {}),
    read: furthest(state.read, answer.read),
    usergroups: reuse(state.usergroups, byKey(answer.usergroups, "id")),
    seq: answer.seq ?? 0,
  };
}

const put =
  (field) =>
  (state, { channel, message }) => ({
    ...state,
    [field]: { ...state[field], [channel]: { ...state[field][channel], [message.ts]: message } },
  });

const drop =
  (field) =>
  (state, { channel, ts }) => {
    const { [ts]: _gone, ...rest } = state[field][channel] ?? {};
    return { ...state, [field]: { ...state[field], [channel]: rest } };
  };

function putChannel(state, { channel }) {
  const known = state.channels[channel.id];
  return { ...state, channels: { ...state.channels, [channel.id]: { ...known, ...channel } } };
}

function putView(state, { view }) {
  const known = state.views.some((other) => other.id === view.id);
  const views = known
    ? state.views.map((other) => (other.id === view.id ? view : other))
    : [...state.views, view];
  return { ...state, views };
}

const closeView = (state, { view_id }) => ({
  ...state,
  views: state.views.filter((view) => view.id !== view_id),
});

const REDUCERS = {
  message: put("messages"),
  message_changed: put("messages"),
  message_deleted: drop("messages"),
  ephemeral: put("ephemerals"),
  ephemeral_deleted: drop("ephemerals"),
  channel: putChannel,
  view: putView,
  view_closed: closeView,
  home: (state, { view }) => ({ ...state, homes: { ...state.homes, [view.app_id]: view } }),
  read: (state, { read }) => ({ ...state, read: furthest(state.read, read) }),
  users: (state, { users }) => ({ ...state, users: byKey(users, "id") }),
  usergroups: (state, { usergroups }) => ({ ...state, usergroups: byKey(usergroups, "id") }),
};

/** The state after `event`; events that were seen before, and types not known here, change nothing. */
export function reduce(state, event) {
  if (event.seq !== undefined && event.seq <= state.seq) return state;
  const next = REDUCERS[event.type]?.(state, event) ?? state;
  return event.seq === undefined ? next : { ...next, seq: event.seq };
}
