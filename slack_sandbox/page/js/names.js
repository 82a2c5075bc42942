// Names and faces of people, apps and channels.

import { h } from "./dom.js";
import { appOf, authorId, isFromApp } from "./selectors.js";

const FALLBACK_COLOR = "#66717b";

/** What message text needs to turn ids into names. */
export function namesOf(state) {
  return {
    user: (id) => userName(state, id),
    channel: (id) => state.channels[id]?.name ?? null,
    group: (id) => (state.usergroups[id] ? `@${state.usergroups[id].handle}` : null),
    isMe: (id) => id === state.user,
  };
}

/** "#general", or the name alone for a direct message. */
export const channelLabel = (channel) => (channel.is_im ? channel.name : `#${channel.name}`);

export function userName(state, id) {
  const user = state.users[id];
  if (user) return user.real_name || user.name;
  return appOf(state, id)?.name ?? null;
}

/** {name, color, isApp, title} of who wrote `message`. */
export function authorOf(state, message) {
  const user = state.users[message.user];
  if (isFromApp(state, message) || user?.is_bot) {
    const name = message.username || message.bot_profile?.name || appOf(state, message.user)?.name || "App";
    return { name, color: null, isApp: true, title: "" };
  }
  if (!user) return { name: authorId(message) || "Unknown", color: FALLBACK_COLOR, isApp: false, title: "" };
  return { name: user.real_name || user.name, color: colorOf(user), isApp: false, title: user.title ?? "" };
}

export function colorOf(user) {
  return /^#?[0-9a-f]{6}$/i.test(user?.color ?? "") ? `#${user.color.replace("#", "")}` : FALLBACK_COLOR;
}

const initials = (name) =>
  name
    .split(/\s+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => [...word][0].toUpperCase())
    .join("");

/** A square with initials; decorative, because the name always stands beside it. */
export function avatar({ name, color, isApp }, size = "") {
  const node = h(
    "span",
    { class: `avatar ${isApp ? "app" : ""} ${size}`, "aria-hidden": "true" },
    initials(name),
  );
  if (color) node.style.setProperty("--face", color);
  return node;
}
