// What can be done with a message: answer it, and a menu with the rest.

import { h, icon } from "./dom.js";
import { openMenu } from "./menu.js";
import { isSystem } from "./selectors.js";
import { messageShortcuts } from "./shortcuts.js";

/** The tools of `message`, or null where there are none; `view` as in message.js. */
export function toolbar(message, view) {
  if (message.ephemeral || isSystem(message)) return null;
  const tools = [replyButton(message, view), moreButton(message, view)].filter(Boolean);
  return tools.length ? h("div", { class: "toolbar" }, tools) : null;
}

function tool(name, label, testid, onclick) {
  const attributes = { type: "button", class: "quiet", "aria-label": label, title: label, "data-testid": testid };
  return h("button", { ...attributes, onclick }, icon(name));
}

function replyButton(message, { inThread, navigation }) {
  if (inThread) return null;
  return tool("reply", "Reply in thread", "reply", () => navigation.openThread(message.thread_ts ?? message.ts));
}

function moreButton(message, view) {
  const entries = messageShortcuts(message, view);
  if (!entries.length) return null;
  const button = tool("more", "More actions", "message-menu", () => openMenu(button, entries));
  button.setAttribute("aria-haspopup", "menu");
  return button;
}
