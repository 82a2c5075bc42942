"""A person of the workspace, who acts and looks."""

from dataclasses import dataclass

from slack_sandbox.testing.connection import Connection
from slack_sandbox.testing.failures import NotFound
from slack_sandbox.testing.home import Home
from slack_sandbox.testing.messages import Message, messages_of, newest
from slack_sandbox.testing.modals import Modal, view_words
from slack_sandbox.testing.places import Channel, Place, place_of
from slack_sandbox.testing.values import entered_value
from slack_sandbox.testing.words import Element, Wanted, find_button, find_field, matches, shown
from slack_sandbox.values import Json


@dataclass(frozen=True)
class Person:
    """What a person does returns when the app has acknowledged it. What it shows later, is waited for."""

    connection: Connection
    id: str
    name: str
    app_user: str

    def types(self, text: str, in_: Place) -> None:
        """Send a message, or a slash command. In a message means: as a reply in its thread.

        Raises Refused if the app does not acknowledge a command within 3 seconds.
        """
        what = f"{self.name} typed “{text}”"
        self.connection.do(what, "/messages", user=self.id, text=text, **place_of(in_))

    def mentions_app(self, text: str, in_: Place) -> None:
        """Send a message that begins with a mention of the app."""
        self.types(f"<@{self.app_user}> {text}", in_)

    def clicks(self, label: str, in_: Message) -> None:
        """Press a button, by its text or its action_id. Raises NotFound or Refused."""
        self._act(find_button(in_.blocks, label), {}, in_)

    def chooses(self, value: object, from_: str, in_: Message) -> None:
        """Choose in a menu, a date picker and so on. `from_`: its label, placeholder or action_id."""
        found = find_field(in_.blocks, from_)
        query = {"user": self.id, "channel": in_.channel, "message_ts": in_.ts, **found.place}
        query.pop("type")
        options = self.connection.options(query, found.element, value)
        self._act(found, entered_value(found.element, value, options), in_)

    def uses_shortcut(self, name: str, on: Message | None = None) -> None:
        """Choose one of the app's shortcuts, by its name or callback_id: of a message, or a global one."""
        shortcuts = self.connection.state(self.id)["app"]["shortcuts"]
        found = [each for each in shortcuts if name in (each["name"], each["callback_id"])]
        if not found:
            names = ", ".join(f"“{each['name']}”" for each in shortcuts) or "none"
            raise NotFound(f"There is no shortcut “{name}”. There are: {names}.")
        place = {"channel": on.channel, "message_ts": on.ts} if on else {}
        what = f"{self.name} used the shortcut “{name}”"
        self.connection.do(what, "/shortcuts", user=self.id, callback_id=found[0]["callback_id"], **place)

    def sees(self, wanted: Wanted, in_: Channel, *, after: Message | None = None) -> Message:
        """Wait for a message that this person sees, also one that nobody else does. Returns the newest."""
        return self.connection.wait(
            self.id,
            f"A message with {shown(wanted)} for {self.name} in #{in_.name}",
            lambda state: newest(messages_of(self.connection, self.id, in_.id, state), wanted, after),
        )

    def sees_modal(self, wanted: Wanted = "") -> Modal:
        """Wait for a modal on top whose title or content has this text."""

        def find(state: Json) -> Modal | None:
            top = state["views"][-1] if state["views"] else None
            fits = top is not None and matches(wanted, view_words(top))
            return Modal(self.connection, self.id, top["id"]) if top and fits else None

        return self.connection.wait(self.id, f"A modal with {shown(wanted)} for {self.name}", find)

    def sees_channel(self, name: str) -> Channel:
        """Wait for a channel that the app makes."""

        def find(state: Json) -> Channel | None:
            found = (each for each in state["channels"] if each["name"] == name)
            return next((Channel(self.connection, self.id, each["id"], name) for each in found), None)

        return self.connection.wait(self.id, f"The channel #{name} for {self.name}", find)

    def opens_home(self) -> Home:
        """Open the app's Home tab. The app is told, and may publish it anew: see `Home.waits_for`."""
        self.connection.do(f"{self.name} opened the app's home", "/app_home", user=self.id, tab="home")
        return Home(self.connection, self.id)

    def direct_messages(self) -> Channel:
        """Open the direct messages with the app."""
        answer = self.connection.do(f"{self.name} opened the app", "/app_home", user=self.id, tab="messages")
        channel = answer["channel"]
        return Channel(self.connection, self.id, channel["id"], channel["name"])

    def _act(self, target: Element, state: Json, in_: Message) -> None:
        action = target.place | {name: value for name, value in state.items() if name != "type"}
        body = {"user": self.id, "channel": in_.channel, "message_ts": in_.ts, "action": action}
        self.connection.do(f"{self.name} used “{target.label}”", "/actions", **body)
