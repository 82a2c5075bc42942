// The app's shortcuts: in the menu of each message, and from anywhere.
// https://docs.slack.dev/interactivity/implementing-shortcuts

import { openMenu } from "./menu.js";

// [{app, shortcut}] of all apps.
const ofType = ({ apps }, type) =>
  Object.values(apps).flatMap((app) =>
    app.shortcuts.filter((shortcut) => shortcut.type === type).map((shortcut) => ({ app, shortcut })),
  );

/** Entries for the menu of `message` (see menu.js); none for one that a single person sees. */
export function messageShortcuts(message, { state, channel, commands }) {
  if (message.ephemeral) return [];
  return ofType(state, "message").map(({ app, shortcut: { name, callback_id } }) => ({
    label: name,
    about: app.name,
    value: callback_id,
    choose: () => commands.useShortcut(app, callback_id, { channel, message_ts: message.ts }),
  }));
}

/** `button` opens the menu of global shortcuts; it is there where the app has any. */
export function createShortcutButton(button, { store, commands }) {
  const entries = () =>
    ofType(store.state, "global").map(({ app, shortcut: { name, description, callback_id } }) => ({
      label: name,
      about: description || app.name,
      value: callback_id,
      choose: () => commands.useShortcut(app, callback_id),
    }));
  button.addEventListener("click", () => openMenu(button, entries()));
  return (state) => {
    button.hidden = ofType(state, "global").length === 0;
  };
}
