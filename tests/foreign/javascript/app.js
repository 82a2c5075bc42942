// A Slack app: /tea asks which, the order can be taken, and a mention is answered in its thread.

const { App } = require("@slack/bolt");

const socketMode = process.argv.includes("--socket");
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  appToken: process.env.SLACK_APP_TOKEN,
  socketMode,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
});

const plain = (text) => ({ type: "plain_text", text });
const option = (value) => ({ text: plain(value), value });

app.command("/tea", async ({ ack, command, client }) => {
  await ack();
  const kind = { type: "static_select", action_id: "kind", options: ["Assam", "Sencha"].map(option) };
  const cups = { type: "number_input", action_id: "cups", is_decimal_allowed: false };
  await client.views.open({
    trigger_id: command.trigger_id,
    view: {
      type: "modal",
      callback_id: "order",
      private_metadata: command.channel_id,
      title: plain("Order tea"),
      submit: plain("Order"),
      blocks: [
        { type: "input", block_id: "kind", label: plain("Which"), element: kind },
        { type: "input", block_id: "cups", label: plain("Cups"), element: cups },
      ],
    },
  });
});

app.view("order", async ({ ack, view, body, client }) => {
  const { kind, cups } = view.state.values;
  if (Number(cups.cups.value) > 9) {
    await ack({ response_action: "errors", errors: { cups: "There are nine cups." } });
    return;
  }
  await ack();
  const text = `${cups.cups.value} × ${kind.kind.selected_option.value} for <@${body.user.id}>`;
  const button = { type: "button", action_id: "take", text: plain("Take it"), value: kind.kind.selected_option.value };
  await client.chat.postMessage({
    channel: view.private_metadata,
    text,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text } },
      { type: "actions", elements: [button] },
    ],
  });
});

app.action("take", async ({ ack, action, body, client, respond }) => {
  await ack();
  const text = `${action.value}: taken by ${body.user.name}`;
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text, blocks: [] });
  await respond({ text: "Thank you.", response_type: "ephemeral", replace_original: false });
});

app.event("app_mention", async ({ event, say }) => {
  await say({ text: `The kettle is on, <@${event.user}>.`, thread_ts: event.ts });
});

app.start(socketMode ? undefined : process.env.PORT);
