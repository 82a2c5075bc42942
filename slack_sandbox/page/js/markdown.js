// The `markdown` block: the plain kinds of Markdown that Slack lists.
// https://docs.slack.dev/reference/block-kit/blocks/markdown-block

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { anchor, safeLink } from "./mentions.js";

const FENCE = /^```/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^>\s?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$/;

/** Nodes for a whole Markdown text. */
export function markdown(text) {
  const lines = (text ?? "").split("\n");
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    const [node, next] = blockAt(lines, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function blockAt(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (FENCE.test(line)) return fence(lines, at);
  if (HEADING.test(line)) return [heading(line), at + 1];
  if (RULE.test(line)) return [h("hr"), at + 1];
  if (QUOTE.test(line)) return gather(lines, at, (each) => QUOTE.test(each), quote);
  if (ITEM.test(line)) return gather(lines, at, (each) => ITEM.test(each), list);
  if (TABLE_RULE.test(lines[at + 1] ?? "")) return gather(lines, at, (each) => each.includes("|"), table);
  return gather(lines, at, (each) => each.trim() && !startsBlock(each), paragraph);
}

const startsBlock = (line) => [FENCE, HEADING, RULE, QUOTE, ITEM].some((pattern) => pattern.test(line));

function gather(lines, at, belongs, build) {
  let end = at + 1;
  while (end < lines.length && belongs(lines[end])) end += 1;
  return [build(lines.slice(at, end)), end];
}

function fence(lines, at) {
  const close = lines.findIndex((line, index) => index > at && FENCE.test(line));
  const end = close === -1 ? lines.length : close;
  return [h("pre", { class: "code-block" }, h("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

function heading(line) {
  const [, marks, text] = HEADING.exec(line);
  return h(
    "div",
    { class: `markdown-heading level-${marks.length}`, role: "heading", "aria-level": marks.length + 2 },
    span(text),
  );
}

const quote = (lines) =>
  h("blockquote", {}, markdown(lines.map((line) => line.replace(QUOTE, "")).join("\n")));

const paragraph = (lines) => h("p", {}, span(lines.join("\n")));

function list(lines) {
  const ordered = /\d/.test(ITEM.exec(lines[0])[2]);
  const items = lines
    .map((line) => ITEM.exec(line))
    .map(([, indent, , text]) => listItem(indent.length, text));
  return h(ordered ? "ol" : "ul", { class: "rich-list" }, items);
}

function listItem(indent, text) {
  const task = /^\[([ xX])\]\s+/.exec(text);
  const mark = task ? (task[1] === " " ? "☐ " : "☑ ") : "";
  return h(
    "li",
    { class: indent >= 2 ? "nested" : null },
    mark,
    span(task ? text.slice(task[0].length) : text),
  );
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());

function table([head, , ...body]) {
  const row = (line, tag) =>
    h(
      "tr",
      {},
      cells(line).map((cell) => h(tag, {}, span(cell))),
    );
  return h(
    "table",
    {},
    h("thead", {}, row(head, "th")),
    h(
      "tbody",
      {},
      body.map((line) => row(line, "td")),
    ),
  );
}

// The alternatives in one pattern, tried from left to right: code, link, bold, strike, italic, emoji.
const SPAN =
  /`([^`]+)`|\[([^\]\n]+)\]\(([^)\s]+)\)|(\*\*|__)(?=\S)(.+?)\4|~~(.+?)~~|([*_])(?=\S)(.+?)\7(?![\p{L}\p{N}])|:([a-z0-9_+-]+):/gu;

function span(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(SPAN)) {
    nodes.push(text.slice(at, found.index), spanNode(found));
    at = found.index + found[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function spanNode([whole, code, label, address, , bold, strike, , italic, name]) {
  if (code) return h("code", { class: "code" }, code);
  if (label) return safeLink(address) ? anchor(address, span(label)) : whole;
  if (bold) return h("strong", {}, span(bold));
  if (strike) return h("s", {}, span(strike));
  if (italic) return h("em", {}, span(italic));
  return emoji(name) ?? whole;
}
