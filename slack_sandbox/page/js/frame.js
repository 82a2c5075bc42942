// What is around the messages: the title, whether one may write here, whether the sandbox is there.

import { channelLabel } from "./names.js";
import { isHome, isMember } from "./selectors.js";

const CONNECTION = { connecting: "Connecting…", live: "Live", lost: "Reconnecting…" };
const isWide = window.matchMedia("(min-width: 721px)");

/** `part(id)` is an element of the page. */
export function createFrame(part, { commands }) {
  const here = (act) => (event) => act(event.currentTarget.dataset.channel);
  part("join").addEventListener(
    "click",
    here((id) => commands.joinChannel(id)),
  );
  part("unarchive").addEventListener(
    "click",
    here((id) => commands.unarchiveChannel(id)),
  );

  return (state) => {
    const channel = state.channels[state.channel];
    const team = state.team.name ?? "Workspace";
    document.title = channel ? `${channelLabel(channel)} · ${team}` : team;
    part("team-name").textContent = team;
    part("empty").hidden = part("message-list").childElementCount > 0;
    if (channel) showAccess(part, channel, state);
  };
}

function showAccess(part, channel, state) {
  const isOutside = !channel.is_archived && !isMember(state, channel);
  const onHome = isHome(state);
  part("messages").hidden = onHome;
  part("archived-note").hidden = !channel.is_archived;
  part("outside-note").hidden = !isOutside;
  for (const id of ["join", "unarchive"]) part(id).dataset.channel = channel.id;
  for (const id of ["composer-form", "thread-form"])
    part(id).hidden = Boolean(channel.is_archived) || isOutside || onHome;
  part("composer").placeholder = placeholder(channel, state.app.command);
}

function placeholder(channel, command) {
  const message = `Message ${channelLabel(channel)}`;
  return command && isWide.matches ? `${message}, or type ${command}` : message;
}

/** Says when the live connection is broken, and why. */
export function showConnection(part, { connection, reason }) {
  part("lost").hidden = connection !== "lost";
  if (part("lost").textContent !== reason) part("lost").textContent = reason;
  if (part("connection").dataset.connection === connection) return;
  part("connection").dataset.connection = connection;
  part("connection").textContent = CONNECTION[connection];
}
