// What a person typed, as Slack would send it: https://docs.slack.dev/messaging/formatting-message-text#escaping. Pure.

import { appOf } from "./selectors.js";

const ENTITY = /^<(?:!subteam\^[A-Z0-9]+|[@#][A-Z0-9]+(?:\|[^<>\n]*)?|!(?:here|channel|everyone))>/;
const MENTION = /(^|[\s(])@([\w.-]*\w)/g;
const CHANNEL = /(^|[\s(])#([\p{L}\p{N}_-]+)/gu;

/** Escapes &, < and >, and turns @name and #channel into ids where they are known. Commands stay as typed. */
export function outgoing(text, state) {
  if (isCommand(text)) return text;
  const escaped = escape(text);
  const withPeople = escaped.replace(
    MENTION,
    (whole, before, name) => before + (mention(name, state) ?? whole.slice(before.length)),
  );
  return withPeople.replace(
    CHANNEL,
    (whole, before, name) => before + (channel(name, state) ?? whole.slice(before.length)),
  );
}

/** The other way round: a message's text as one would have typed it. */
export function typed(text, state) {
  const shown = (text ?? "").replace(/<([@#!])([^<>|]+)(?:\|[^<>]*)?>/g, (whole, mark, target) => {
    if (mark === "#") return state.channels[target] ? `#${state.channels[target].name}` : whole;
    if (mark === "!") return target.startsWith("subteam^") ? groupName(target.slice(8), state) : `@${target}`;
    return userName(target, state) ?? whole;
  });
  return shown.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** How one types the name of an app. */
export const appName = ({ name }) => (name ?? "").toLowerCase().replaceAll(" ", "");

const groupName = (id, { usergroups }) => (usergroups[id] ? `@${usergroups[id].handle}` : `<!subteam^${id}>`);

function userName(id, state) {
  const app = appOf(state, id);
  if (app) return `@${appName(app)}`;
  return state.users[id] ? `@${state.users[id].name}` : null;
}

const isCommand = (text) => /^\/[a-z]/i.test(text);

function escape(text) {
  let result = "";
  for (let at = 0; at < text.length;) {
    const entity = text[at] === "<" && ENTITY.exec(text.slice(at, at + 200));
    result += entity ? entity[0] : ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" }[text[at]] ?? text[at]);
    at += entity ? entity[0].length : 1;
  }
  return result;
}

function mention(name, state) {
  const { users, apps, usergroups } = state;
  const wanted = name.toLowerCase();
  if (["here", "channel", "everyone"].includes(wanted)) return `<!${wanted}>`;
  const app = Object.values(apps).find((each) => appName(each) === wanted);
  if (app) return `<@${app.bot_user_id}>`;
  const user = Object.values(users).find((each) => each.name === wanted);
  const group = Object.values(usergroups).find((each) => each.handle === wanted);
  return user ? `<@${user.id}>` : group ? `<!subteam^${group.id}>` : null;
}

function channel(name, { channels }) {
  const found = Object.values(channels).find((each) => each.name === name);
  return found ? `<#${found.id}>` : null;
}
