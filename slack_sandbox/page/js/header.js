// The head of the open channel: name, topic, members, what can be done with it.

import { fill, h, icon } from "./dom.js";
import { askConfirm, show } from "./dialogs.js";
import { openMenu } from "./menu.js";
import { inline } from "./inline.js";
import { authorOf, avatar, channelLabel, namesOf } from "./names.js";
import { symbolOf } from "./sidebar.js";

/** `root` is the header element. */
export function createHeader({ root, commands }) {
  let drawn = [];

  return function render(state) {
    const parts = [state.channels[state.channel], state.users, state.app, state.user];
    if (parts.every((part, index) => part === drawn[index]) && drawn.length) return;
    drawn = parts;
    fill(root, parts[0] && content(parts[0], state, commands));
  };
}

function content(channel, state, commands) {
  const topic = typeof channel.topic === "string" ? channel.topic : channel.topic?.value;
  return [
    h("h1", { "data-testid": "channel-name" }, icon(symbolOf(channel)), channel.name),
    h(
      "div",
      { class: "topic", "data-testid": "channel-topic" },
      inline((topic ?? "").replaceAll("\n", " "), namesOf(state)),
    ),
    memberButton(channel, state),
    channel.is_archived || channel.is_im ? null : moreButton(channel, state, commands),
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
  const entries = [
    { label: "Archive channel…", danger: true, choose: () => archive(channel, state, commands) },
  ];
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

async function archive(channel, state, commands) {
  const question = {
    title: { type: "plain_text", text: `Archive #${channel.name}?` },
    text: { type: "plain_text", text: "Afterwards nobody can post here, not even the app." },
    confirm: { type: "plain_text", text: "Archive" },
    deny: { type: "plain_text", text: "Cancel" },
    style: "danger",
  };
  if (await askConfirm(question, namesOf(state))) commands.archiveChannel(channel.id);
}
