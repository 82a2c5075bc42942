// Fields of a form: text, numbers, dates, boxes to tick.

import { h, uniqueId } from "./dom.js";
import { plainString } from "./inline.js";
import { textObject } from "./mrkdwn.js";

const KINDS = {
  number_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  plain_text_input: "text",
};

/** One line or several; `value` is the text, or null where there is none. */
export function textInput(definition, block, context) {
  const attributes = {
    class: "text-input",
    "data-action-id": definition.action_id,
    placeholder: plainString(definition.placeholder?.text),
    maxlength: definition.max_length,
    autocomplete: "off",
    autofocus: definition.focus_on_load,
  };
  const isNumber = definition.type === "number_input";
  const node = definition.multiline
    ? h("textarea", { ...attributes, rows: 4 })
    : h("input", { ...attributes, type: KINDS[definition.type], inputmode: isNumber ? "decimal" : null });
  node.value = definition.initial_value ?? "";
  const read = () => ({ value: node.value.trim() === "" ? null : node.value });
  context.register({ block, element: definition, read, node });
  if (block.dispatch_action)
    dispatchText(node, definition, () => context.act(block, definition, read(), node));
  return { node, target: node };
}

function dispatchText(node, definition, act) {
  const triggers = definition.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  if (triggers.includes("on_character_entered")) node.addEventListener("input", act);
  if (!triggers.includes("on_enter_pressed")) return;
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    act();
  });
}

const same = { read: (text) => text, write: (value) => value };

// A moment is the seconds since 1970, shown in the browser's time zone.
const moment = {
  read: (text) => Math.round(new Date(text).getTime() / 1000),
  write: (seconds) => new Date(seconds * 1000).toLocaleString("sv-SE").replace(" ", "T").slice(0, 16),
};

const picker = (type, field, initial, format = same) => (definition, block, context) => {
  const node = h("input", { class: "text-input picker", type, "data-action-id": definition.action_id });
  if (block.type !== "input")
    node.setAttribute("aria-label", plainString(definition.placeholder?.text) || "Choose");
  if (definition[initial]) node.value = format.write(definition[initial]);
  const read = () => ({ [field]: node.value ? format.read(node.value) : null });
  context.register({ block, element: definition, read, node });
  node.addEventListener("change", () => dispatches(block) && context.act(block, definition, read(), node));
  return { node, target: node };
};

const dispatches = (block) => block.type !== "input" || Boolean(block.dispatch_action);

export const datePicker = picker("date", "selected_date", "initial_date");

export const timePicker = picker("time", "selected_time", "initial_time");

export const dateTimePicker = picker("datetime-local", "selected_date_time", "initial_date_time", moment);

export function checkboxes(definition, block, context) {
  const initial = (definition.initial_options ?? []).map((option) => option.value);
  return boxes("checkbox", definition, block, context, initial, (chosen) => ({ selected_options: chosen }));
}

export function radioButtons(definition, block, context) {
  const initial = [definition.initial_option?.value].filter((value) => value !== undefined);
  return boxes("radio", definition, block, context, initial, (chosen) => ({
    selected_option: chosen[0] ?? null,
  }));
}

function boxes(type, definition, block, context, initial, answer) {
  const group = uniqueId("group");
  const inputs = definition.options.map((option) =>
    h("input", {
      type,
      name: group,
      value: option.value,
      checked: initial.includes(option.value),
      "data-action-id": definition.action_id,
    }),
  );
  const rows = definition.options.map((option, index) => row(inputs[index], option, context.names));
  const read = () => answer(definition.options.filter((_option, index) => inputs[index].checked));
  const node = h("div", { class: "boxes", role: type === "radio" ? "radiogroup" : "group" }, rows);
  context.register({ block, element: definition, read, node: inputs[0] });
  node.addEventListener("change", () => dispatches(block) && context.act(block, definition, read(), node));
  return { node, target: inputs[0], group: true };
}

const row = (input, option, names) =>
  h(
    "label",
    { class: "box" },
    input,
    h(
      "span",
      {},
      textObject(option.text, names),
      option.description && h("span", { class: "hint" }, textObject(option.description, names)),
    ),
  );
