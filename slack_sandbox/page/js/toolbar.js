// What can be done with a message: react to it, answer it, and a menu with the rest.

import { h, icon } from "./dom.js";
import { emoji } from "./emoji.js";
import { openMenu } from "./menu.js";
import { messageEntries } from "./message_menu.js";
import { isMember, isSystem } from "./selectors.js";

const hasMouse = window.matchMedia("(hover: hover)");
const QUICK = ["eyes", "white_check_mark", "+1", "tada", "rotating_light", "x", "question", "memo"];

/** The tools of `message`, or null where there are none; `view` as in message.js. */
export function toolbar(message, view) {
  const { state, channel } = view;
  if (message.ephemeral || isSystem(message) || !isMember(state, state.channels[channel])) return null;
  const tools = [reactButton(message, view), replyButton(message, view), moreButton(message, view)];
  return h("div", { class: "toolbar" }, tools.filter(Boolean));
}

function tool(name, label, testid, onclick) {
  const attributes = { type: "button", class: "quiet", "aria-label": label, title: label, "data-testid": testid };
  return h("button", { ...attributes, onclick }, icon(name));
}

function reactButton(message, view) {
  if (view.state.channels[view.channel]?.is_archived) return null;
  const button = tool("smile", "Add a reaction", "react", () => openReactions(button, message, view));
  button.setAttribute("aria-haspopup", "menu");
  button.classList.add("by-mouse");
  return button;
}

function openReactions(opener, message, { state, commands }) {
  const names = [...QUICK, ...Object.keys(state.emoji).slice(0, 8)];
  const entries = names.map((name) => ({
    label: emoji(name) ?? `:${name}:`,
    name: name.replaceAll("_", " "),
    value: name,
    choose: () => toggleReaction(message, name, state.user, commands),
  }));
  openMenu(opener, entries, "grid");
}

/** Gives a reaction, or takes one's own back. */
export function toggleReaction(message, name, user, commands) {
  const given = message.reactions?.find((reaction) => reaction.name === name);
  const remove = given?.users?.includes(user) ?? false;
  commands.onMessage("react", message.ts, { name, remove });
}

function replyButton(message, view) {
  if (view.inThread) return null;
  const button = tool("reply", "Reply in thread", "reply", () => reply(message, view));
  button.classList.add("by-mouse");
  return button;
}

const reply = (message, { navigation }) => navigation.openThread(message.thread_ts ?? message.ts);

function moreButton(message, view) {
  const entries = () => [
    ...(hasMouse.matches ? [] : touchEntries(button, message, view)),
    ...messageEntries(message, view),
  ];
  const button = tool("more", "More actions", "message-menu", () => openMenu(button, entries()));
  button.setAttribute("aria-haspopup", "menu");
  return button;
}

// What a mouse finds beside the menu.
function touchEntries(button, message, view) {
  return [
    { label: "Add a reaction…", choose: () => openReactions(button, message, view) },
    !view.inThread && { label: "Reply in thread", choose: () => reply(message, view) },
  ].filter(Boolean);
}
