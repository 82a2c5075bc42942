// The bookmarks and pins of the open channel, in a line below its head.

import { fill, h, icon } from "./dom.js";
import { show } from "./dialogs.js";
import { plainText } from "./inline.js";
import { safeLink } from "./mentions.js";
import { mrkdwn } from "./mrkdwn.js";
import { authorOf, namesOf } from "./names.js";

/** `root` is the line; it is there where there is something to show. */
export function createChannelLinks(root, { navigation }) {
  let drawn = [];
  return (state) => {
    const channel = state.channels[state.channel];
    const parts = [channel, state.messages[state.channel]];
    if (parts.every((part, index) => part === drawn[index])) return;
    drawn = parts;
    const links = (channel?.bookmarks ?? []).map(bookmark);
    const pins = channel?.pins?.length ? pinButton(channel, state, navigation) : null;
    root.hidden = !links.length && !pins;
    fill(root, pins, links);
  };
}

function bookmark({ title, link, emoji }) {
  const address = safeLink(link);
  const text = plainText(`${emoji ? `${emoji} ` : ""}${title}`);
  const mark = emoji ? null : icon("link");
  if (!address) return h("span", {}, text);
  const attributes = { href: address, target: "_blank", rel: "noopener noreferrer", "data-testid": "bookmark" };
  return h("a", attributes, mark, h("span", {}, text));
}

function pinButton(channel, state, navigation) {
  const { length } = channel.pins;
  const words = length === 1 ? "1 pinned" : `${length} pinned`;
  const open = () => show("Pinned messages", list(channel, state, navigation));
  return h("button", { type: "button", class: "quiet", "data-testid": "pins", onclick: open }, icon("pin"), words);
}

function list(channel, state, navigation) {
  const known = state.messages[channel.id] ?? {};
  const rows = channel.pins.map((ts) => known[ts]).filter(Boolean);
  return h(
    "ul",
    { class: "pinned-list" },
    rows.map((message) => h("li", {}, row(message, state, navigation))),
  );
}

function row(message, state, navigation) {
  const go = (event) => {
    event.target.closest("dialog")?.close();
    navigation.openMessage(message.ts, message.thread_ts);
  };
  return [
    h("strong", {}, authorOf(state, message).name),
    h("div", {}, mrkdwn(message.text, namesOf(state))),
    h("button", { type: "button", class: "link", onclick: go }, "Show in the channel"),
  ];
}
