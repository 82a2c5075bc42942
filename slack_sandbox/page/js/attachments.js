// Secondary attachments, the older way of messages: https://docs.slack.dev/reference/messaging/payload

import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { anchor, safeLink } from "./mentions.js";
import { mrkdwn } from "./mrkdwn.js";

const NAMED_COLORS = { good: "#2a8a55", warning: "#d99a1c", danger: "#cf3f37" };

export const attachments = (list, context) => (list ?? []).map((attachment) => one(attachment, context));

function one(attachment, context) {
  const content = attachment.blocks?.length
    ? renderBlocks(attachment.blocks, context)
    : classic(attachment, context.names);
  const node = h("div", { class: "attachment" }, content);
  const color = NAMED_COLORS[attachment.color] ?? attachment.color;
  if (/^#?[0-9a-f]{6}$/i.test(color ?? "")) node.style.setProperty("--bar", `#${color.replace("#", "")}`);
  return node;
}

function classic({ pretext, title, title_link: link, text, fields, footer, fallback }, names) {
  const heading = title && h("strong", {}, link && safeLink(link) ? anchor(link, [title]) : title);
  const cells = fields?.map((field) =>
    h("div", { class: "field" }, h("strong", {}, field.title), h("div", {}, mrkdwn(field.value, names))),
  );
  return [
    pretext && h("div", {}, mrkdwn(pretext, names)),
    heading && h("div", {}, heading),
    h("div", {}, mrkdwn(text ?? (title ? "" : fallback), names)),
    cells && h("div", { class: "fields" }, cells),
    footer && h("div", { class: "hint" }, footer),
  ];
}
