// What can be done with a channel, and who does it.

import { transcriptAddress } from "./api.js";
import { askChoice, askConfirm, askText } from "./dialogs.js";
import { h } from "./dom.js";
import { namesOf } from "./names.js";
import { people } from "./place.js";

/** Entries for the menu of `channel` (see menu.js). */
export function channelEntries(channel, state, commands) {
  const isMember = channel.members?.includes(state.user) ?? true;
  if (!isMember) return [];
  const change = (what, body) => commands.changeChannel(channel.id, what, body);
  return [
    { label: "Rename…", choose: () => rename(channel, change) },
    { label: "Set the topic…", choose: () => setTopic(channel, change) },
    { label: "Add people…", choose: () => invite(channel, state, change) },
    ...Object.values(state.apps).map((app) => appEntry(app, channel, change)),
    !channel.is_private && { label: "Make private", choose: () => change("make_private", {}) },
    { label: "Export the transcript", choose: () => exportTranscript(channel, state) },
    { label: "Leave", choose: () => change("leave", {}) },
    { label: "Archive channel…", danger: true, choose: () => archive(channel, state, commands) },
  ].filter(Boolean);
}

const appEntry = ({ name, bot_user_id: bot }, channel, change) =>
  channel.members?.includes(bot)
    ? { label: `Remove ${name}`, choose: () => change("kick", { target: bot }) }
    : { label: `Add ${name}`, choose: () => change("invite", { users: [bot] }) };

function exportTranscript(channel, { user }) {
  const link = h("a", { href: transcriptAddress(user, channel.id), download: `${channel.name}.md` });
  link.click();
}

async function rename(channel, change) {
  const asked = { title: "Rename the channel", label: "Name", value: channel.name, yes: "Rename" };
  const name = await askText(asked);
  if (name && name !== channel.name) change("rename", { name });
}

async function setTopic(channel, change) {
  const asked = { title: "Set the topic", label: "Topic", value: channel.topic, yes: "Set" };
  const topic = await askText(asked);
  if (topic !== null) change("topic", { topic });
}

async function invite(channel, state, change) {
  const outside = people(state).filter((user) => !channel.members?.includes(user.id));
  const choices = outside.map((user) => ({ value: user.id, label: user.real_name || user.name }));
  const asked = { title: "Add people", label: "Who", choices, yes: "Add", none: "Everybody is here already." };
  const user = await askChoice(asked);
  if (user) change("invite", { users: [user] });
}

async function archive(channel, state, commands) {
  const plain = (text) => ({ type: "plain_text", text });
  const question = {
    title: plain(`Archive #${channel.name}?`),
    text: plain("Afterwards nobody can post here, not even the app."),
    confirm: plain("Archive"),
    deny: plain("Cancel"),
    style: "danger",
  };
  if (await askConfirm(question, namesOf(state))) commands.archiveChannel(channel.id);
}
