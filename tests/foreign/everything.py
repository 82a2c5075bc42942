"""A Bolt app with one of everything that people can do."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from slack_sandbox.testing import SlackSandbox

Json = dict[str, Any]
OPTIONS = [{"text": {"type": "plain_text", "text": name.title()}, "value": name} for name in ("red", "green")]


def field(label: str, kind: str, **more: Any) -> Json:
    element = {"type": kind, "action_id": label.lower()} | more
    label_object = {"type": "plain_text", "text": label}
    return {"type": "input", "block_id": label, "label": label_object, "element": element, "optional": True}


def button(action_id: str, text: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}}


FIELDS = [
    field("Name", "plain_text_input"),
    field("Count", "number_input", is_decimal_allowed=False),
    field("Colour", "static_select", options=OPTIONS),
    field("Colours", "multi_static_select", options=OPTIONS),
    field("Ticks", "checkboxes", options=OPTIONS),
    field("Who", "users_select"),
    field("Where", "channels_select"),
    field("Day", "datepicker"),
    field("Hour", "timepicker"),
    {"type": "actions", "elements": [button("more", "More…")]},
]
FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Everything"},
    "submit": {"type": "plain_text", "text": "Send"},
}


def everything(slack: SlackSandbox) -> App:
    client = WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = App(client=client, signing_secret=slack.signing_secret)
    for command, handler in COMMANDS.items():
        app.command(command)(handler)
    app.view("form")(submitted)
    app.action("more")(more)
    app.action("pick")(picked)
    app.event("message")(answer_directly)
    app.event("app_home_opened")(publish_home)
    app.action("refresh")(refresh_home)
    app.options("found")(find)
    app.action("found")(found)
    app.shortcut("note")(note)
    app.shortcut("everywhere")(open_anywhere)
    return app


def open_form(ack: Any, body: Any, client: WebClient) -> None:
    ack()
    view = FORM | {"blocks": FIELDS, "private_metadata": body["channel_id"]}
    client.views_open(trigger_id=body["trigger_id"], view=view)


def submitted(ack: Any, view: Any, client: WebClient) -> None:
    values = {name: entered for each in view["state"]["values"].values() for name, entered in each.items()}
    if not values["name"]["value"]:
        ack(response_action="errors", errors={"Name": "A name is needed."})
        return
    ack()
    said = [f"{name}={_said(entered)}" for name, entered in sorted(values.items())]
    client.chat_postMessage(channel=view["private_metadata"], text="\n".join(said))


def _said(entered: Json) -> object:
    value = next(value for name, value in entered.items() if name != "type")
    if isinstance(value, list):
        return ",".join(option["value"] for option in value)
    return value["value"] if isinstance(value, dict) else value


def more(ack: Any, body: Any, client: WebClient) -> None:
    ack()
    added = {"type": "section", "text": {"type": "mrkdwn", "text": "More of it."}}
    client.views_update(view_id=body["view"]["id"], view=FORM | {"blocks": [*FIELDS, added]})


def show_menu(ack: Any, say: Any) -> None:
    ack()
    menu: Json = {"type": "static_select", "action_id": "pick", "options": OPTIONS}
    menu["placeholder"] = {"type": "plain_text", "text": "Pick a colour"}
    say(text="Pick one", blocks=[{"type": "actions", "elements": [menu]}])


def picked(ack: Any, action: Any, respond: Any) -> None:
    ack()
    respond(f"You picked {action['selected_option']['value']}.", replace_original=False)


def show_search(ack: Any, say: Any) -> None:
    ack()
    menu = {"type": "external_select", "action_id": "found", "min_query_length": 2}
    say(text="Search", blocks=[{"type": "actions", "elements": [menu]}])


def find(ack: Any, payload: Any) -> None:
    text = payload["value"].lower()
    ack(options=[option for option in OPTIONS if text in str(option["value"])])


def found(ack: Any, action: Any, say: Any) -> None:
    ack()
    say(f"Found {action['selected_option']['value']}.")


def note(ack: Any, shortcut: Any, client: WebClient) -> None:
    ack()
    text = f"Noted: {shortcut['message']['text']}"
    client.chat_postMessage(channel=shortcut["channel"]["id"], text=text, thread_ts=shortcut["message_ts"])


def open_anywhere(ack: Any, shortcut: Any, client: WebClient) -> None:
    ack()
    client.views_open(trigger_id=shortcut["trigger_id"], view=FORM | {"blocks": FIELDS})


def whisper(ack: Any) -> None:
    ack("Between us.")


def broken(ack: Any) -> None:
    raise RuntimeError("a bug")


def make(ack: Any, command: Any, client: WebClient) -> None:
    ack()
    channel = client.conversations_create(name=command["text"])["channel"]["id"]
    client.conversations_invite(channel=channel, users=command["user_id"])
    client.chat_postMessage(channel=channel, text="Here it is.")


def home(text: str) -> Json:
    refresh = {"type": "actions", "elements": [button("refresh", "Refresh")]}
    return {
        "type": "home",
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}, refresh],
    }


def publish_home(event: Any, client: WebClient) -> None:
    if event["tab"] == "home":
        client.views_publish(user_id=event["user"], view=home("Welcome home."))


def refresh_home(ack: Any, body: Any, client: WebClient) -> None:
    ack()
    client.views_publish(user_id=body["user"]["id"], view=home("Refreshed."))


def answer_directly(event: Any, say: Any) -> None:
    if event.get("channel_type") == "im" and not event.get("bot_id"):
        say(f"You wrote: {event['text']}")


COMMANDS: Mapping[str, Callable[..., None]] = {
    "/form": open_form,
    "/menu": show_menu,
    "/search": show_search,
    "/whisper": whisper,
    "/broken": broken,
    "/make": make,
}
