// Menus whose options come from the app while one types.
// https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select

import { reasonOf } from "./api.js";
import { Combobox } from "./combobox.js";
import { fill, h, icon } from "./dom.js";
import { plainString } from "./inline.js";

const DEFAULT_LEAST = 3;

export const externalSelect = (definition, block, context) => menu(definition, block, context, one);

export const multiExternalSelect = (definition, block, context) => menu(definition, block, context, many);

// How one chosen option differs from several.
const one = {
  initial: (definition) => [definition.initial_option].filter(Boolean),
  answer: (chosen) => ({ selected_option: chosen[0] ?? null }),
  add: (_chosen, option) => [option],
  fieldText: (chosen) => labelOf(chosen[0]),
  chips: () => [],
};

const many = {
  initial: (definition) => definition.initial_options ?? [],
  answer: (chosen) => ({ selected_options: chosen }),
  add: (chosen, option, { max_selected_items: most = Infinity }) =>
    chosen.some((other) => other.value === option.value) || chosen.length >= most ? chosen : [...chosen, option],
  fieldText: () => "",
  chips: (chosen) => chosen,
};

const labelOf = (option) => plainString(option?.text?.text);

function menu(definition, block, context, kind) {
  let chosen = kind.initial(definition);
  const placeholder = plainString(definition.placeholder?.text) || "Search";
  const field = h("input", {
    type: "text",
    class: "text-input combo-field",
    placeholder,
    "data-action-id": definition.action_id,
    "aria-label": block.type === "input" ? null : placeholder,
    autofocus: definition.focus_on_load,
  });
  const chips = h("ul", { class: "chips", "aria-label": "Chosen" });
  const read = () => kind.answer(chosen);

  const write = () => (field.value = kind.fieldText(chosen));
  const show = () => {
    write();
    fill(chips, kind.chips(chosen).map((option) => chip(option, () => change(without(chosen, option)))));
    chips.hidden = !chips.childElementCount;
  };
  const change = async (next) => {
    const before = chosen;
    chosen = next;
    show();
    if (block.type === "input" && !block.dispatch_action) return;
    const sent = await context.act(block, definition, read(), field);
    if (sent === false) chosen = before;
    show();
  };
  const leave = () => {
    const emptied = field.value.trim() === "" && kind === one && chosen.length && block.type === "input";
    if (emptied) change([]);
    else write();
  };

  const ask = (text) => optionsFor(text === kind.fieldText(chosen) ? "" : text, definition, block, context);
  const onChoose = (option) => change(kind.add(chosen, option, definition));
  const combobox = new Combobox(field, { ask, onChoose, onLeave: leave });
  field.addEventListener("focus", () => field.select());
  context.register({ block, element: definition, read, node: field });
  show();
  return { node: h("div", { class: "combo" }, chips, field, combobox.list), target: field };
}

const without = (chosen, option) => chosen.filter((other) => other.value !== option.value);

function chip(option, remove) {
  const label = labelOf(option);
  const attributes = { type: "button", class: "quiet", "aria-label": `Remove ${label}`, onclick: remove };
  return h("li", { class: "chip" }, label, h("button", attributes, icon("close")));
}

function optionsFor(text, definition, block, context) {
  const least = definition.min_query_length ?? DEFAULT_LEAST;
  if (text.length < least) {
    const note = least === 1 ? "Type to search." : `Type at least ${least} characters to search.`;
    return { groups: [], note };
  }
  return context.suggest(block, definition, text).then(groupsOf);
}

function groupsOf(answer) {
  if (!answer.ok) return { groups: [], note: reasonOf(answer) };
  const groups = answer.option_groups ?? [{ options: answer.options ?? [] }];
  return { groups: groups.map(groupOf), note: "No matches." };
}

const groupOf = ({ label, options }) => ({
  label: plainString(label?.text),
  choices: options.map((option) => ({
    label: labelOf(option),
    about: plainString(option.description?.text),
    value: option,
  })),
});
