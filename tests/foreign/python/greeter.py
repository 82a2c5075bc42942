"""A Slack app: /hello asks whom to greet, and the greeted can wave back."""

from slack_bolt import App
from slack_sdk import WebClient


def create_app(token, signing_secret, api_url="https://slack.com/api/"):
    app = App(client=WebClient(token, base_url=api_url), signing_secret=signing_secret)
    app.command("/hello")(ask)
    app.view("hello")(greet)
    app.action("wave")(wave)
    app.event("app_mention")(answer)
    return app


def ask(ack, body, client):
    ack()
    field = {"type": "plain_text_input", "action_id": "name"}
    view = {
        "type": "modal",
        "callback_id": "hello",
        "private_metadata": body["channel_id"],
        "title": {"type": "plain_text", "text": "Say hello"},
        "submit": {"type": "plain_text", "text": "Greet"},
        "blocks": [
            {
                "type": "input",
                "block_id": "who",
                "label": {"type": "plain_text", "text": "Name"},
                "element": field,
            }
        ],
    }
    client.views_open(trigger_id=body["trigger_id"], view=view)


def greet(ack, view, client):
    name = view["state"]["values"]["who"]["name"]["value"]
    if not name.isalpha():
        ack(response_action="errors", errors={"who": "A name has only letters."})
        return
    ack()
    button = {"type": "button", "action_id": "wave", "text": {"type": "plain_text", "text": "Wave back"}}
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"Hello, *{name}*!"}},
        {"type": "actions", "elements": [button]},
    ]
    client.chat_postMessage(channel=view["private_metadata"], text=f"Hello, {name}!", blocks=blocks)


def wave(ack, body, client):
    ack()
    text = f"{body['user']['name']} waved back"
    client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=text, blocks=[])


def answer(event, say):
    say("At your service.", thread_ts=event["ts"])
