// The registry of Block Kit elements: https://docs.slack.dev/reference/block-kit/block-elements
// Each builder answers {node, target?, group?}: what to show, what a label points at, whether it is a group.

import { button, overflow } from "./element_buttons.js";
import { checkboxes, datePicker, dateTimePicker, radioButtons, textInput, timePicker } from "./element_inputs.js";
import { channelsSelect, multiple, staticSelect, usersSelect } from "./element_selects.js";
import { externalSelect, multiExternalSelect } from "./element_external.js";
import { h } from "./dom.js";
import { safeLink } from "./mentions.js";

const ELEMENTS = {
  button,
  workflow_button: button,
  overflow,
  static_select: staticSelect,
  external_select: externalSelect,
  users_select: usersSelect,
  channels_select: channelsSelect("selected_channel", "initial_channel"),
  conversations_select: channelsSelect("selected_conversation", "initial_conversation"),
  multi_static_select: multiple(staticSelect),
  multi_external_select: multiExternalSelect,
  multi_users_select: multiple(usersSelect),
  multi_channels_select: multiple(channelsSelect("selected_channel", "initial_channel")),
  multi_conversations_select: multiple(channelsSelect("selected_conversation", "initial_conversation")),
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  checkboxes,
  radio_buttons: radioButtons,
  datepicker: datePicker,
  timepicker: timePicker,
  datetimepicker: dateTimePicker,
  image,
};

export function element(definition, block, context) {
  const build = ELEMENTS[definition?.type];
  if (build) return build(context.resume(definition, block), block, context);
  return {
    node: h(
      "span",
      { class: "unsupported" },
      `An element of type “${definition?.type}”, which the sandbox does not show.`,
    ),
  };
}

function image({ image_url: address, alt_text: text = "" }) {
  const shown = safeLink(address ?? "");
  return {
    node: shown
      ? h("img", { src: shown, alt: text, referrerpolicy: "no-referrer" })
      : h("span", { class: "no-image" }, text),
  };
}
