// Slack's mrkdwn as elements: code blocks, quotes and lists; what stands inside their lines is in inline.js.
// https://docs.slack.dev/messaging/formatting-message-text

import { h } from "./dom.js";
import { inline, linksAsText, plainText, unescape } from "./inline.js";

const FENCE = /```\n?([\s\S]*?)\n?```/y;
const QUOTE = /^(?:>|&gt;) ?/;
const QUOTE_REST = /^(?:>>>|&gt;&gt;&gt;) ?/;
const TYPED_BULLET = /^(\s*)([•◦▪‣–-]|\d{1,3}[.)])\s+/;

/** Nodes for a text with formatting; `names` turns ids into names (see names.js). */
export function mrkdwn(text, names) {
  const nodes = [];
  for (const part of splitFences(text ?? "")) {
    if (part.fence)
      nodes.push(h("pre", { class: "code-block" }, h("code", {}, unescape(linksAsText(part.text)))));
    else nodes.push(...paragraphs(part.text, names));
  }
  return nodes;
}

/** A text object of Block Kit: {type: "mrkdwn" | "plain_text", text, emoji?}. */
export function textObject(object, names) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return plainText(object.text, { withEmoji: object.emoji !== false });
}

function splitFences(text) {
  const parts = [];
  let start = 0;
  for (let at = text.indexOf("```"); at !== -1; at = text.indexOf("```", at)) {
    FENCE.lastIndex = at;
    const found = FENCE.exec(text);
    if (!found) break;
    parts.push(
      { fence: false, text: text.slice(start, at).replace(/\n$/, "") },
      { fence: true, text: found[1] },
    );
    start = at = FENCE.lastIndex;
    if (text[start] === "\n") start = at = start + 1;
  }
  parts.push({ fence: false, text: text.slice(start) });
  return parts.filter((part) => part.fence || part.text);
}

function paragraphs(text, names) {
  return runsOf(text.split("\n")).map(({ kind, lines }) => RUNS[kind](lines, names));
}

function runsOf(lines) {
  const runs = [];
  for (const [index, line] of lines.entries()) {
    if (QUOTE_REST.test(line)) {
      const rest = lines.slice(index).map((each, offset) => (offset ? each : each.replace(QUOTE_REST, "")));
      return [...runs, { kind: "quote", lines: rest }];
    }
    const kind = QUOTE.test(line) ? "quote" : TYPED_BULLET.test(line) ? "list" : "text";
    const last = runs[runs.length - 1];
    const shown = kind === "quote" ? line.replace(QUOTE, "") : line;
    if (last?.kind === kind) last.lines.push(shown);
    else runs.push({ kind, lines: [shown] });
  }
  return runs;
}

const RUNS = {
  text: (lines, names) => h("div", { class: "text-run" }, inline(lines.join("\n"), names)),
  quote: (lines, names) => h("blockquote", {}, inline(lines.join("\n"), names)),
  list: (lines, names) =>
    h(
      "ul",
      { class: "typed-list" },
      lines.map((line) => typedItem(line, names)),
    ),
};

// Slack does not make lists of typed bullets; this only hangs the lines that wrap.
function typedItem(line, names) {
  const [whole, indent, marker] = TYPED_BULLET.exec(line);
  const item = h(
    "li",
    {},
    h("span", { class: "marker" }, marker),
    h("span", {}, inline(line.slice(whole.length), names)),
  );
  if (indent) item.classList.add("nested");
  return item;
}
