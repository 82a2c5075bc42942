// What stands between < and > in Slack's text: people, channels, groups, dates, links.

import { h } from "./dom.js";
import { formatDateTokens } from "./time.js";

const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);

/** The address, if it is one that a page may link to; otherwise null. */
export function safeLink(address) {
  try {
    return SCHEMES.has(new URL(address).protocol) ? address : null;
  } catch {
    return null;
  }
}

/**
 * The element for the inside of <…>, or null where it is none (then it is shown as it was typed).
 * `formatLabel` turns a link's label into nodes.
 */
export function mentionOrLink(inside, names, formatLabel) {
  const [target, ...labels] = inside.split("|");
  const label = labels.length ? labels.join("|") : null;
  const mention = MENTIONS[target[0]]?.(target, label, names);
  return mention ?? externalLink(target, label, formatLabel);
}

const MENTIONS = {
  "@": (target, label, names) => userMention(target.slice(1), names, label),
  "#": (target, label, names) => channelMention(target.slice(1), names, label),
  "!": (target, label, names) => special(target.slice(1), label, names),
};

export function userMention(id, names, label = null) {
  if (!/^[UWB][A-Z0-9]+$/.test(id)) return null;
  const mine = names.isMe?.(id) ? " mine" : "";
  return h("span", { class: `mention${mine}`, "data-user": id }, `@${names.user?.(id) ?? label ?? id}`);
}

export function channelMention(id, names, label = null) {
  if (!/^[CGD][A-Z0-9]+$/.test(id)) return null;
  const name = names.channel?.(id) ?? label;
  if (!name) return h("span", { class: "mention" }, `#${id}`);
  return h("a", { class: "mention", href: `?channel=${id}`, "data-open-channel": id }, `#${name}`);
}

export const broadcast = (range) => h("span", { class: "mention mine" }, `@${range}`);

export const groupMention = (id, names, label = null) =>
  h("span", { class: "mention" }, names.group?.(id) ?? label ?? `@${id}`);

function special(command, label, names) {
  const [name, ...rest] = command.split("^");
  if (["here", "channel", "everyone"].includes(name)) return broadcast(name);
  if (name === "subteam") return groupMention(rest[0], names, label);
  if (name === "date") return dateMention(rest, label);
  return label ? h("span", {}, label) : null;
}

function dateMention([seconds, format = "", url], label) {
  const text = formatDateTokens(format, seconds, new Date()) ?? label ?? "";
  const address = url && safeLink(url);
  return address ? anchor(address, [text]) : h("time", {}, text);
}

function externalLink(target, label, formatLabel) {
  const address = safeLink(target.replaceAll("&amp;", "&"));
  if (!address) return null;
  return anchor(address, label ? formatLabel(label) : [address.replace(/^(mailto|tel):/, "")]);
}

export const anchor = (address, content) =>
  h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, content);
