// Select menus, made of the browser's own: they work with every keyboard and screen reader.

import { h } from "./dom.js";
import { plainString } from "./inline.js";

/** Options of the app's own choosing, possibly in groups. */
export function staticSelect(definition, block, context, many = false) {
  const options = definition.option_groups?.flatMap((group) => group.options) ?? definition.options ?? [];
  const find = (value) => options.find((option) => option.value === value) ?? null;
  const initial = many ? definition.initial_options : [definition.initial_option];
  return select(definition, block, context, {
    many,
    choices: definition.option_groups ? groups(definition.option_groups) : choices(options),
    initial: (initial ?? []).filter(Boolean).map((option) => option.value),
    answer: (values) =>
      many ? { selected_options: values.map(find) } : { selected_option: find(values[0]) },
  });
}

const choices = (options) => options.map((option) => choice(option.value, plainString(option.text?.text)));

const groups = (list) =>
  list.map((group) => h("optgroup", { label: plainString(group.label?.text) }, choices(group.options)));

const choice = (value, label) => h("option", { value }, label);

export function usersSelect(definition, block, context, many = false) {
  const initial = many ? definition.initial_users : [definition.initial_user];
  return select(definition, block, context, {
    many,
    choices: context.people.map((user) => choice(user.id, user.real_name || user.name)),
    initial: (initial ?? []).filter(Boolean),
    answer: (values) => (many ? { selected_users: values } : { selected_user: values[0] ?? null }),
  });
}

/** `one` and `start` name the fields, because channels and conversations differ in nothing else here. */
export const channelsSelect =
  (one, start) =>
  (definition, block, context, many = false) => {
    const initial = many ? definition[`${start}s`] : [definition[start]];
    return select(definition, block, context, {
      many,
      choices: context.channels.map((channel) => choice(channel.id, `#${channel.name}`)),
      initial: (initial ?? []).filter(Boolean),
      answer: (values) => (many ? { [`${one}s`]: values } : { [one]: values[0] ?? null }),
    });
  };

export const multiple = (build) => (definition, block, context) => build(definition, block, context, true);

function select(definition, block, context, { many, choices: shown, initial, answer }) {
  const placeholder = plainString(definition.placeholder?.text) || (many ? "Choose any" : "Choose one");
  const node = h(
    "select",
    {
      class: "select",
      multiple: many,
      "data-action-id": definition.action_id,
      "aria-label": block.type === "input" ? null : placeholder,
    },
    many ? null : h("option", { value: "" }, placeholder),
    shown,
  );
  const write = (values) =>
    [...node.options].forEach((option) => (option.selected = values.includes(option.value)));
  const chosen = () => [...node.selectedOptions].map((option) => option.value).filter(Boolean);
  write(initial.length || many ? initial : [""]);
  context.register({ block, element: definition, read: () => answer(chosen()), node });
  node.addEventListener("change", async () => {
    if (block.type === "input" && !block.dispatch_action) return;
    const sent = await context.act(block, definition, answer(chosen()), node);
    if (sent === false) write(initial);
  });
  return { node, target: node };
}
