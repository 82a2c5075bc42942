// Buttons and overflow menus.

import { h, icon } from "./dom.js";
import { safeLink } from "./mentions.js";
import { openMenu } from "./menu.js";
import { plainString } from "./inline.js";
import { textObject } from "./mrkdwn.js";
import { isPending, showPending } from "./pending.js";

const pendingKey = (context, block, definition, value = "") =>
  [context.container.key, block.block_id, definition.action_id, value].join("|");

export function button(definition, block, context) {
  const key = pendingKey(context, block, definition, definition.value);
  const node = h(
    "button",
    {
      type: "button",
      class: `button ${definition.style ?? ""}`,
      "data-action-id": definition.action_id,
      "data-value": definition.value,
      "aria-label": definition.accessibility_label,
      onclick: () => press(node, key, definition, block, context),
    },
    h("span", { class: "button-text" }, textObject(definition.text, context.names)),
  );
  showPending(node, key);
  return { node, target: node };
}

function press(node, key, definition, block, context) {
  if (isPending(key)) return;
  const address = definition.url && safeLink(definition.url);
  if (address) window.open(address, "_blank", "noopener,noreferrer");
  const { value, text, style } = definition;
  context.act(block, definition, { value, text, style }, node);
}

export function overflow(definition, block, context) {
  const key = pendingKey(context, block, definition);
  const choose = (option) => () => {
    const address = option.url && safeLink(option.url);
    if (address) window.open(address, "_blank", "noopener,noreferrer");
    context.act(block, definition, { selected_option: option }, node);
  };
  const entries = () =>
    definition.options.map((option) => ({
      label: plainString(option.text.text),
      value: option.value,
      choose: choose(option),
    }));
  const node = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      "data-action-id": definition.action_id,
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      onclick: () => isPending(key) || openMenu(node, entries()),
    },
    icon("more"),
  );
  showPending(node, key);
  return { node, target: node };
}
