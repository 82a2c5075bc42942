// The app's shortcuts: in the menu of each message, and from anywhere.
// https://docs.slack.dev/interactivity/implementing-shortcuts

import { openMenu } from "./menu.js";

const ofType = ({ app }, type) => (app.shortcuts ?? []).filter((shortcut) => shortcut.type === type);

/** Entries for the menu of `message` (see menu.js); none for one that a single person sees. */
export function messageShortcuts(message, { state, channel, commands }) {
  if (message.ephemeral) return [];
  return ofType(state, "message").map(({ name, callback_id }) => ({
    label: name,
    about: state.app.name,
    value: callback_id,
    choose: () => commands.useShortcut(callback_id, { channel, message_ts: message.ts }),
  }));
}

/** `button` opens the menu of global shortcuts; it is there where the app has any. */
export function createShortcutButton(button, { store, commands }) {
  const entries = () =>
    ofType(store.state, "global").map(({ name, description, callback_id }) => ({
      label: name,
      about: description || store.state.app.name,
      value: callback_id,
      choose: () => commands.useShortcut(callback_id),
    }));
  button.addEventListener("click", () => openMenu(button, entries()));
  return (state) => {
    button.hidden = ofType(state, "global").length === 0;
  };
}
