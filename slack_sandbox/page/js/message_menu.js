// The menu of a message: the app's shortcuts, then what people do with messages.

import { askConfirm, askText } from "./dialogs.js";
import { namesOf } from "./names.js";
import { outgoing, typed } from "./outgoing.js";
import { permalinkOf } from "./session.js";
import { messageShortcuts } from "./shortcuts.js";
import { toast } from "./toast.js";

/** Entries for the menu of `message` (see menu.js); `view` as in message.js. */
export function messageEntries(message, view) {
  const { state, channel, commands } = view;
  const isPinned = message.pinned_to?.length > 0;
  const mine = message.user === state.user && !message.bot_id && message.subtype !== "tombstone";
  return [
    ...messageShortcuts(message, view),
    { label: "Copy link", choose: () => copyLink(channel, message) },
    {
      label: isPinned ? "Unpin" : "Pin to the channel",
      choose: () => commands.onMessage("pin", message.ts, { remove: isPinned }),
    },
    mine && { label: "Edit…", choose: () => edit(message, state, commands) },
    mine && { label: "Delete…", danger: true, choose: () => remove(message, state, commands) },
  ].filter(Boolean);
}

async function copyLink(channel, message) {
  const link = permalinkOf(channel, message);
  try {
    await navigator.clipboard.writeText(link);
    toast("Link copied.");
  } catch {
    toast(link);
  }
}

async function edit(message, state, commands) {
  const value = typed(message.text, state);
  const asked = { title: "Edit the message", label: "Message", value, yes: "Save", multiline: true };
  const text = await askText(asked);
  if (text && text !== value) commands.onMessage("edit", message.ts, { text: outgoing(text, state) });
}

async function remove(message, state, commands) {
  const plain = (text) => ({ type: "plain_text", text });
  const question = {
    title: plain("Delete this message?"),
    text: plain("It is gone for everybody, and the app is told."),
    confirm: plain("Delete"),
    deny: plain("Keep"),
    style: "danger",
  };
  if (await askConfirm(question, namesOf(state))) commands.onMessage("delete", message.ts);
}
