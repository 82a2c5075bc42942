// The formatting inside a line of Slack's mrkdwn: https://docs.slack.dev/messaging/formatting-message-text
// Everything that came from somebody else becomes a text node; links keep to a short list of schemes.

import { h } from "./dom.js";
import { drawnAt, emoji, emojiCharacter } from "./emoji.js";
import { anchor, mentionOrLink, safeLink } from "./mentions.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };
const AUTOLINK = /https?:\/\/[^\s<>|*`]*[^\s<>|*`.,;:!?'")\]]/y;
const EMOJI = /:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/y;
const ENTITY = /<([^<>\n]+)>/y;
const CODE = /`([^`\n]+)`/y;

/** Slack escapes exactly these three characters in text. */
export const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Nodes for a text without formatting, only with emoji. */
export function plainText(text, { withEmoji = true } = {}) {
  return withEmoji ? scan(text ?? "", {}, [emojiAt]) : [unescape(text ?? "")];
}

/** The same as a string, for places that hold text alone. */
export const plainString = (text) =>
  unescape(text ?? "").replace(/:([a-z0-9_+'-]+):/g, (_whole, name) => emojiCharacter(name));

// In a code block Slack still sends links as <https://…>: people want to see the address.
export const linksAsText = (text) =>
  text.replace(/<(https?:[^|<>]+)(?:\|([^<>]+))?>/g, (_whole, url, label) => label ?? url);

/** Nodes for the formatting inside a line. */
export const inline = (text, names) => scan(text, names, [codeAt, entityAt, emojiAt, styleAt, autolinkAt]);

function scan(text, names, matchers) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length;) {
    const found = firstMatch(matchers, text, at, names);
    if (found) {
      if (plain) nodes.push(unescape(plain));
      plain = "";
      nodes.push(found.node);
      at = found.end;
    } else plain += text[at++];
  }
  if (plain) nodes.push(unescape(plain));
  return nodes;
}

function firstMatch(matchers, text, at, names) {
  for (const matcher of matchers) {
    const found = matcher(text, at, names);
    if (found) return found;
  }
  return null;
}

function sticky(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function codeAt(text, at) {
  const found = text[at] === "`" && sticky(CODE, text, at);
  return found
    ? { node: h("code", { class: "code" }, unescape(linksAsText(found[1]))), end: CODE.lastIndex }
    : null;
}

function entityAt(text, at, names) {
  const found = text[at] === "<" && sticky(ENTITY, text, at);
  const end = at + (found ? found[0].length : 0);
  const node = found && mentionOrLink(found[1], names, (label) => scan(label, names, [emojiAt, styleAt]));
  return node ? { node, end } : null;
}

function emojiAt(text, at) {
  if (text[at] > "\u00ff") return drawnAt(text, at);
  const found = text[at] === ":" && sticky(EMOJI, text, at);
  const end = EMOJI.lastIndex;
  const node = found && emoji(found[1]);
  return node ? { node, end } : null;
}

function autolinkAt(text, at) {
  const found = text[at] === "h" && !isWord(text[at - 1]) && sticky(AUTOLINK, text, at);
  const end = AUTOLINK.lastIndex;
  const url = found && safeLink(unescape(found[0]));
  return url ? { node: anchor(url, [unescape(found[0])]), end } : null;
}

function styleAt(text, at, names) {
  const tag = STYLES[text[at]];
  if (!tag || isWord(text[at - 1]) || text[at - 1] === text[at]) return null;
  const close = closingAt(text, at);
  return close === -1 ? null : { node: h(tag, {}, inline(text.slice(at + 1, close), names)), end: close + 1 };
}

// The mark must hug its text on both sides and close before the line ends.
function closingAt(text, at) {
  const mark = text[at];
  if (isSpace(text[at + 1]) || text[at + 1] === mark) return -1;
  const lineEnd = text.indexOf("\n", at) === -1 ? text.length : text.indexOf("\n", at);
  for (
    let close = text.indexOf(mark, at + 2);
    close !== -1 && close < lineEnd;
    close = text.indexOf(mark, close + 1)
  ) {
    if (!isSpace(text[close - 1]) && !isWord(text[close + 1]) && text[close + 1] !== mark) return close;
  }
  return -1;
}

const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
const isSpace = (character) => character === undefined || /\s/.test(character);
