// What the composer offers while one types. Pure.

import { appName } from "./outgoing.js";

// The verbs of the runbook bot; an app of another kind names its own as `hints` in the state's `app`.
const VERBS = [
  ["run", "NAME [key=value…] [--dry-run]", "Start a runbook"],
  ["list", "[WORD]", "List the runbooks that you may see"],
  ["show", "NAME", "Show what a runbook does, and how to run it"],
  ["status", "[ID]", "Show a run, or what is running here"],
  ["cancel", "[ID]", "Stop a run"],
  ["retry", "ID", "Continue a run from where it failed"],
  ["approvals", "", "List what is waiting for approval"],
  ["history", "NAME", "Show who wrote, approved and deprecated a runbook"],
  ["approve", "NAME", "Show a runbook’s newest version, to approve it"],
  ["deprecate", "NAME", "Stop a runbook from being run"],
  ["freeze", "[TEAM] REASON", "Start nothing, and hold what is running"],
  ["unfreeze", "[TEAM]", "Lift a freeze"],
  ["incident open", "TITLE [severity=… service=… team=…]", "Open an incident"],
  ["incident ack", "", "Acknowledge this channel’s incident"],
  ["incident resolve", "", "Resolve it"],
  ["incident close", "", "Close it"],
  ["incident show", "", "Show it"],
  ["help", "", "What the command can do"],
].map(([text, usage, about]) => ({ text, usage, about }));

const MOST = 8;
const MENTION = /(^|[\s(])@([\w.-]*)$/;
const CHANNEL = /(^|[\s(])#([\p{L}\p{N}_-]*)$/u;

/**
 * {from, list: [{insert, label, usage, about, isComplete}]}; `insert` replaces the text from `from` on, unless
 * the suggestion is complete and only reminds of what comes next.
 */
export function suggestions(text, state) {
  const mention = MENTION.exec(text);
  if (mention) return { from: text.length - mention[2].length - 1, list: mentions(mention[2], state) };
  const channel = CHANNEL.exec(text);
  if (channel) return { from: text.length - channel[2].length - 1, list: channelNames(channel[2], state) };
  if (text.startsWith("/") && state.app.command) return { from: 0, list: commands(text, state) };
  return { from: 0, list: [] };
}

const suggestion = (label, usage, about, isComplete = false) => ({
  insert: `${label} `,
  label,
  usage,
  about,
  isComplete,
});

function mentions(start, state) {
  const wanted = start.toLowerCase();
  const fits = (user) => `${user.name} ${user.real_name ?? ""}`.toLowerCase().includes(wanted);
  const users = Object.values(state.users).filter((user) => !user.is_bot && !user.deleted && fits(user));
  const apps = Object.values(state.apps).map((app) => ({ name: appName(app), real_name: "App" }));
  const groups = Object.values(state.usergroups).map(({ handle, name }) => ({ name: handle, real_name: name }));
  const found = [...users, ...[...apps, ...groups].filter(fits)];
  return found.slice(0, MOST).map((user) => suggestion(`@${user.name}`, "", user.real_name ?? ""));
}

function channelNames(start, state) {
  const wanted = start.toLowerCase();
  const open = Object.values(state.channels).filter((channel) => !channel.is_im && !channel.is_archived);
  const found = open.filter((channel) => channel.name.includes(wanted));
  return found.slice(0, MOST).map((channel) => suggestion(`#${channel.name}`, "", channel.topic ?? ""));
}

function commands(text, { app: { command, hints = VERBS }, apps }) {
  const fits = Object.values(apps).filter((app) => app.command.startsWith(text));
  if (fits.length) return fits.map((app) => suggestion(app.command, "", `The command of ${app.name}`));
  if (!text.startsWith(`${command} `)) return [];
  const typed = text.slice(command.length).trimStart();
  const isComplete = (hint) => typed.startsWith(`${hint.text} `);
  const fitting = hints.filter((hint) => hint.text.startsWith(typed) || isComplete(hint));
  return fitting
    .slice(0, MOST)
    .map((hint) =>
      suggestion(`${command} ${hint.text}`, hint.usage ?? "", hint.about ?? "", isComplete(hint)),
    );
}
