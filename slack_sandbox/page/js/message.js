// One message: who, when, what, and what hangs below it.

import { attachments } from "./attachments.js";
import { createBlockContext } from "./block_context.js";
import { renderBlocks } from "./blocks.js";
import { h, icon, spoken } from "./dom.js";
import { emoji } from "./emoji.js";
import { files } from "./files.js";
import { metadata } from "./metadata.js";
import { inline, plainText } from "./inline.js";
import { mrkdwn } from "./mrkdwn.js";
import { authorOf, avatar, namesOf, userName } from "./names.js";
import { people } from "./place.js";
import { isSystem } from "./selectors.js";
import { clockTime, fullTime, shortTime } from "./time.js";
import { toggleReaction, toolbar } from "./toolbar.js";

const contexts = new WeakMap();

/**
 * `item`: {message, thread, grouped, root} (see timeline.js); `view`: {state, channel, inThread, commands, navigation};
 * `previous` is the node that this one replaces, or null.
 */
export function renderMessage(item, view, previous) {
  const { message, grouped } = item;
  const context = contextFor(message, view, contexts.get(previous));
  const kind = [
    grouped && "grouped",
    message.ephemeral && "ephemeral",
    isSystem(message) && "system",
    message.subtype,
  ];
  const node = h(
    "article",
    {
      class: ["message", ...kind].filter(Boolean).join(" "),
      "data-testid": "message",
      "data-ts": message.ts,
    },
    gutter(item, view),
    h(
      "div",
      { class: "content" },
      notes(item, view),
      heading(item, view),
      body(item, context),
      foot(item, view),
    ),
    toolbar(message, view),
  );
  contexts.set(node, context);
  return node;
}

function contextFor(message, { state, channel, commands }, previous) {
  const container = { key: `${channel}/${message.ts}`, target: { channel, message_ts: message.ts } };
  return createBlockContext({
    names: namesOf(state),
    people: people(state),
    channels: Object.values(state.channels),
    container,
    commands,
    previous,
  });
}

function gutter({ message, grouped }, { state }) {
  if (grouped || isSystem(message))
    return h("div", { class: "gutter" }, when(message, "gutter-time", shortTime));
  return h("div", { class: "gutter" }, avatar(authorOf(state, message)));
}

function heading({ message, grouped }, { state }) {
  const author = authorOf(state, message);
  if (isSystem(message)) return null;
  if (grouped) return spoken(`${author.name}, ${clockTime(message.ts)}`);
  return h(
    "div",
    { class: "heading" },
    h("span", { class: "author", title: author.title || null }, author.name),
    author.isApp && h("span", { class: "app-badge" }, "APP"),
    when(message, "time"),
    edited(message),
  );
}

const when = (message, className, format = clockTime) =>
  h("time", { class: className, title: `${fullTime(message.ts)} (ts ${message.ts})` }, format(message.ts));

// What is special about the message, said above it.
function notes({ message, root }, { inThread, state, navigation }) {
  const own =
    message.ephemeral && h("div", { class: "note ephemeral-note" }, icon("eye"), "Only visible to you");
  const pinned = message.pinned_to?.length > 0 && h("div", { class: "note" }, "Pinned");
  if (message.subtype !== "thread_broadcast" || inThread) return [own, pinned];
  const open = { type: "button", class: "link", onclick: () => navigation.openThread(message.thread_ts) };
  const about = root ? inline((root.text ?? "").split("\n")[0], namesOf(state)) : "a message";
  return [
    own,
    pinned,
    h("div", { class: "note broadcast-note" }, "replied to a thread: ", h("button", open, about)),
  ];
}

function body({ message, grouped }, context) {
  const content = message.blocks?.length
    ? renderBlocks(message.blocks, context)
    : textOf(message, context.names);
  return h(
    "div",
    { class: "body" },
    content,
    attachments(message.attachments, context),
    files(message.files),
    grouped && edited(message),
  );
}

function edited(message) {
  if (!message.edited) return null;
  return h(
    "span",
    { class: "edited", title: message.edited.ts ? fullTime(message.edited.ts) : null },
    "(edited)",
  );
}

const textOf = (message, names) =>
  message.mrkdwn === false ? plainText(message.text) : mrkdwn(message.text, names);

function foot({ message, thread }, { state, inThread, navigation, commands }) {
  return [
    reactions(message, state, commands),
    !inThread && thread && replies(message, thread, state, navigation),
    metadata(message.metadata),
  ];
}

function reactions(message, state, commands) {
  if (!message.reactions?.length) return null;
  const chip = ({ name, users = [], count = users.length }) => {
    const who = users.map((id) => userName(state, id) ?? id).join(", ");
    const attributes = { type: "button", class: "reaction", title: who, "data-testid": `reaction-${name}` };
    attributes["aria-pressed"] = String(users.includes(state.user));
    const toggle = () => toggleReaction(message, name, state.user, commands);
    return h("button", { ...attributes, onclick: toggle }, emoji(name) ?? `:${name}:`, h("span", {}, count));
  };
  return h("div", { class: "reactions" }, message.reactions.map(chip));
}

function replies(message, thread, state, navigation) {
  const faces = thread.authors
    .slice(0, 4)
    .map((author) => avatar(authorOf(state, { user: author, bot_id: author[0] === "B" }), "tiny"));
  const count = thread.count === 1 ? "1 reply" : `${thread.count} replies`;
  const open = () => navigation.openThread(message.ts);
  const last = thread.latest && h("span", { class: "last-reply" }, `last at ${clockTime(thread.latest)}`);
  return h(
    "button",
    { type: "button", class: "replies", "data-testid": "replies", onclick: open },
    faces,
    h("span", { class: "reply-count" }, count),
    last,
  );
}

