// The `rich_text` block: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { anchor, broadcast, channelMention, groupMention, safeLink, userMention } from "./mentions.js";
import { formatDateTokens } from "./time.js";

const STYLES = [
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["code", "code"],
];

/** The nodes of a whole block; list items that follow each other with more indent stay separate lists. */
export const richText = (block, names) =>
  (block.elements ?? []).map((part) => PARTS[part.type]?.(part, names) ?? null);

const PARTS = {
  rich_text_section: (part, names) => h("div", { class: "text-run" }, leaves(part, names)),
  rich_text_quote: (part, names) => h("blockquote", {}, leaves(part, names)),
  rich_text_preformatted: (part, names) =>
    h("pre", { class: "code-block" }, h("code", {}, leaves(part, names))),
  rich_text_list: (part, names) => list(part, names),
};

function list(part, names) {
  const tag = part.style === "ordered" ? "ol" : "ul";
  const start = part.offset ? part.offset + 1 : null;
  const items = (part.elements ?? []).map((item) => h("li", {}, leaves(item, names)));
  return h(tag, { class: `rich-list indent-${Math.min(part.indent ?? 0, 8)}`, start }, items);
}

const leaves = (part, names) =>
  (part.elements ?? []).map((leaf) => styled(leaf.style, leafNode(leaf, names)));

function leafNode(leaf, names) {
  return LEAVES[leaf.type]?.(leaf, names) ?? leaf.text ?? "";
}

const LEAVES = {
  text: (leaf) => leaf.text,
  emoji: (leaf) => emoji(leaf.name) ?? `:${leaf.name}:`,
  link: (leaf) => (safeLink(leaf.url) ? anchor(leaf.url, [leaf.text || leaf.url]) : (leaf.text ?? leaf.url)),
  user: (leaf, names) => userMention(leaf.user_id, names),
  channel: (leaf, names) => channelMention(leaf.channel_id, names),
  usergroup: (leaf, names) => groupMention(leaf.usergroup_id, names),
  broadcast: (leaf) => broadcast(leaf.range),
  color: (leaf) => h("code", { class: "code" }, leaf.value),
  date: (leaf) =>
    h("time", {}, formatDateTokens(leaf.format ?? "", leaf.timestamp, new Date()) ?? leaf.fallback ?? ""),
};

function styled(style, node) {
  let result = node;
  for (const [name, tag] of STYLES)
    if (style?.[name]) result = h(tag, { class: tag === "code" ? "code" : null }, result);
  return result;
}
