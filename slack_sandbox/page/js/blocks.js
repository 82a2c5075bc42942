// Block Kit as elements: https://docs.slack.dev/reference/block-kit/blocks

import { h, uniqueId } from "./dom.js";
import { element } from "./elements.js";
import { markdown } from "./markdown.js";
import { safeLink } from "./mentions.js";
import { textObject } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

/** The nodes of `blocks`; `context` comes from block_context.js. */
export const renderBlocks = (blocks, context) => (blocks ?? []).map((block) => renderBlock(block, context));

function renderBlock(block, context) {
  const node = (BLOCKS[block.type] ?? unsupported)(block, context);
  node.dataset.blockId = block.block_id ?? "";
  return node;
}

const BLOCKS = {
  header: (block, { names }) =>
    h("div", { class: "block header", role: "heading", "aria-level": 3 }, textObject(block.text, names)),
  section,
  context: contextBlock,
  divider: () => h("hr", { class: "block divider" }),
  actions: (block, context) =>
    h(
      "div",
      { class: "block actions" },
      block.elements.map((each) => element(each, block, context).node),
    ),
  input,
  image: (block, { names }) => figure(block, names),
  rich_text: (block, { names }) => h("div", { class: "block rich-text" }, richText(block, names)),
  markdown: (block) => h("div", { class: "block markdown" }, markdown(block.text)),
};

function section(block, context) {
  const text = block.text && h("div", { class: "section-text" }, textObject(block.text, context.names));
  const fields = block.fields?.map((field) => h("div", { class: "field" }, textObject(field, context.names)));
  const accessory =
    block.accessory && h("div", { class: "accessory" }, element(block.accessory, block, context).node);
  const body = h("div", { class: "section-body" }, text, fields && h("div", { class: "fields" }, fields));
  return h("div", { class: "block section" }, body, accessory);
}

function contextBlock(block, context) {
  const parts = (block.elements ?? []).map((part) =>
    part.type === "image"
      ? picture(part)
      : h("span", { class: "context-text" }, textObject(part, context.names)),
  );
  return h("div", { class: "block context" }, parts);
}

function figure(block, names) {
  const title = block.title && h("figcaption", {}, textObject(block.title, names));
  return h("figure", { class: "block image" }, title, picture(block));
}

function picture({ image_url: address, alt_text: text = "" }) {
  if (!safeLink(address ?? "")) return h("span", { class: "no-image" }, text || "Image");
  return h("img", { src: address, alt: text, title: text, loading: "lazy", referrerpolicy: "no-referrer" });
}

// A field of a form: label, control, hint and the place for an error. Groups of boxes get a legend instead of a label.
function input(block, context) {
  const control = element(block.element, block, context);
  const ids = { hint: uniqueId("hint"), error: uniqueId("error") };
  const label = [
    textObject(block.label, context.names),
    block.optional ? h("span", { class: "optional" }, " (optional)") : null,
  ];
  const hint = block.hint && h("div", { class: "hint", id: ids.hint }, textObject(block.hint, context.names));
  const error = h("div", {
    class: "field-error",
    id: ids.error,
    role: "alert",
    "data-error-for": block.block_id ?? "",
  });
  control.target?.setAttribute("aria-describedby", `${ids.hint} ${ids.error}`);
  if (control.group)
    return h("fieldset", { class: "block input" }, h("legend", {}, label), control.node, hint, error);
  const forId = control.target?.id || uniqueId("field");
  if (control.target) control.target.id = forId;
  return h("div", { class: "block input" }, h("label", { for: forId }, label), control.node, hint, error);
}

const unsupported = (block) =>
  h(
    "div",
    { class: "block unsupported" },
    `A block of type “${block.type}”, which the sandbox does not show.`,
  );
