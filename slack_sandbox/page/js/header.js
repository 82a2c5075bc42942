// The head of the open channel: name, topic, members, what can be done with it.

import { fill, h, icon } from "./dom.js";
import { channelEntries } from "./channel_menu.js";
import { show } from "./dialogs.js";
import { openMenu } from "./menu.js";
import { inline } from "./inline.js";
import { authorOf, avatar, channelLabel, namesOf } from "./names.js";
import { symbolOf } from "./sidebar.js";

/** `root` is the header element. */
export function createHeader({ root, commands, navigation }) {
  let drawn = [];

  return function render(state) {
    const parts = [state.channels[state.channel], state.users, state.apps, state.user, state.tab];
    if (parts.every((part, index) => part === drawn[index]) && drawn.length) return;
    drawn = parts;
    fill(root, parts[0] && content(parts[0], state, { commands, navigation }));
  };
}

function content(channel, state, { commands, navigation }) {
  const name = h("h1", { "data-testid": "channel-name" }, icon(symbolOf(channel)), channel.name);
  if (channel.is_im) return [name, tabs(channel, state, navigation)];
  const topic = typeof channel.topic === "string" ? channel.topic : channel.topic?.value;
  return [
    name,
    h(
      "div",
      { class: "topic", "data-testid": "channel-topic" },
      inline((topic ?? "").replaceAll("\n", " "), namesOf(state)),
    ),
    memberButton(channel, state),
    channel.is_archived ? null : moreButton(channel, state, commands),
  ];
}

function memberButton(channel, state) {
  const members = channel.members ?? [];
  const count = members.length || channel.num_members || 0;
  const words = count === 1 ? "1 member" : `${count} members`;
  const list = () =>
    h(
      "ul",
      { class: "people" },
      members.map((id) => member(id, state)),
    );
  const attributes = {
    type: "button",
    class: "quiet members",
    "aria-label": words,
    title: words,
    "data-testid": "member-count",
  };
  return h(
    "button",
    { ...attributes, onclick: () => show(`Members of ${channelLabel(channel)}`, list()) },
    icon("people"),
    count,
  );
}

function member(id, state) {
  const author = authorOf(state, { user: id });
  const badge = author.isApp && h("span", { class: "app-badge" }, "APP");
  return h(
    "li",
    {},
    avatar(author, "small"),
    h("span", {}, author.name, " ", badge),
    h("span", { class: "hint" }, author.title),
  );
}

function moreButton(channel, state, commands) {
  const entries = channelEntries(channel, state, commands);
  if (!entries.length) return null;
  const attributes = {
    type: "button",
    class: "quiet",
    "aria-label": "Channel actions",
    "aria-haspopup": "menu",
    "data-testid": "channel-menu",
  };
  const button = h("button", { ...attributes, onclick: () => openMenu(button, entries) }, icon("more"));
  return button;
}

// The two tabs of the App Home.
function tabs(channel, state, navigation) {
  const tab = (name, label) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        "aria-selected": String(state.tab === name),
        "data-testid": `tab-${name}`,
        onclick: () => navigation.openChannel(channel.id, name),
      },
      label,
    );
  const attributes = { class: "tabs", role: "tablist", "aria-label": channel.name };
  return h("div", attributes, tab("home", "Home"), tab("messages", "Messages"));
}
