// What the elements of one message or one view share: names, the values typed so far, and how an action is sent.

/**
 * `commands` deliver what is done in `container`; `previous` is the context of the drawing that this one replaces: what
 * was typed or chosen there stays, as in Slack, wherever block_id and action_id are the same.
 */
export function createBlockContext({ names, people, channels, container, commands, previous = null }) {
  const fields = [];
  const kept = previous ? previous.values() : {};
  const values = () => collect(fields);
  return {
    names,
    people,
    channels,
    container,
    fields,
    /** The element with what the person had entered as its initial value. */
    resume: (element, block) => withValue(element, kept[block.block_id]?.[element.action_id]),
    register: (field) => fields.push(field),
    /** {block_id: {action_id: {type, value…}}}: Slack's `state.values`. */
    values,
    act: (block, element, details, origin) => {
      const action = actionOf(block, element, details);
      return commands.act({ container, action, values: values(), origin, confirm: element.confirm });
    },
    /** What the app offers for the text typed into a menu of its own. */
    suggest: (block, element, text) => commands.suggest({ container, block, element, text, values: values() }),
  };
}

function collect(fields) {
  const values = {};
  for (const { block, element, read } of fields) {
    (values[block.block_id] ??= {})[element.action_id] = { type: element.type, ...read() };
  }
  return values;
}

const actionOf = (block, element, details) => ({
  type: element.type,
  block_id: block.block_id,
  action_id: element.action_id,
  ...details,
});

const INITIAL = {
  value: "initial_value",
  selected_option: "initial_option",
  selected_options: "initial_options",
  selected_user: "initial_user",
  selected_users: "initial_users",
  selected_channel: "initial_channel",
  selected_channels: "initial_channels",
  selected_conversation: "initial_conversation",
  selected_conversations: "initial_conversations",
  selected_date: "initial_date",
  selected_time: "initial_time",
  selected_date_time: "initial_date_time",
};

function withValue(element, value) {
  if (!value) return element;
  const resumed = { ...element };
  for (const [name, initial] of Object.entries(INITIAL))
    if (name in value) resumed[initial] = value[name] ?? undefined;
  return resumed;
}
