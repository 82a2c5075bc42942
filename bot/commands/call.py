"""Sub-commands of the slash command: the call that one receives, the reply that it returns, and its arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeAlias

from bot.cards.blocks import Block, section
from bot.commands.parse import Word, first_word, free_text, words_of
from core.decisions.people import Person
from core.errors import InvalidInput
from core.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class CommandCall:
    """One use of the slash command.

    `typed`: the text after the command, as Slack sends it; a sub-command reads it as words or as free text.
    `request_key`: identifies the delivery; a repeated delivery has no second effect. `command`: the command's name in
    this workspace. `single_admin`: True if admins may approve what they wrote. `response_url`: where later replies to
    the person go.
    """

    channel_id: str
    user_id: str
    typed: str
    request_key: str
    command: str = "/runbook"
    single_admin: bool = False
    response_url: str = ""

    @cached_property
    def arguments(self) -> tuple[Word, ...]:
        """The typed text as words. Raises InvalidInput for a quote that is never closed."""
        return words_of(self.typed)

    @property
    def first(self) -> str:
        """The first word; empty if nothing was typed."""
        return first_word(self.typed)[0]

    @property
    def text(self) -> str:
        """The typed text as prose, with its quotes, spaces and line breaks."""
        return free_text(self.typed)

    def behind_first(self) -> "CommandCall":
        """Return the call without its first word, as the sub-command sees it."""
        return replace(self, typed=first_word(self.typed)[1])


@dataclass(frozen=True)
class Opens:
    """What a command opens after it was acknowledged: the form of a runbook, or the picker.

    `incident_id`: empty if it is chosen there. `given`: the parameters that were typed already.
    """

    incident_id: str = ""
    runbook_id: str = ""
    given: Mapping[str, object] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True)
class Reply:
    """A reply that only the person who typed sees. `text` is complete in itself. `form`: a modal to show instead.

    `opens`: a modal that is made after the acknowledgement; `text` is the reply where no modal can be opened.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    form: Block | None = None
    opens: Opens | None = None

    def beside(self, warning: str | None) -> "Reply":
        """Return the reply with the warning appended, if there is one."""
        if warning is None:
            return self
        blocks = (*self.blocks, section(warning)) if self.blocks else ()
        return replace(self, text=f"{self.text}\n{warning}", blocks=blocks)

    def body(self) -> dict[str, object]:
        """Return the response's body: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses."""
        body: dict[str, object] = {"response_type": "ephemeral", "text": self.text}
        return body | ({"blocks": list(self.blocks)} if self.blocks else {})


Handler: TypeAlias = Callable[[UnitOfWork, Person, CommandCall], Reply]


@dataclass(frozen=True)
class Command:
    """A sub-command: its name, its arguments, what it does in a few words, and its handler."""

    name: str
    usage: str
    summary: str
    handle: Handler

    @property
    def line(self) -> str:
        """The name with its arguments: `run NAME [key=value…]`."""
        return f"{self.name} {self.usage}".strip()


def only_argument(call: CommandCall, usage: str) -> str:
    """Return the one argument. Raises InvalidInput, with the usage, for none or several."""
    argument = optional_argument(call, usage)
    if argument is None:
        raise InvalidInput("An argument is missing.", hint=usage_hint(call, usage))
    return argument


def optional_argument(call: CommandCall, usage: str) -> str | None:
    """Return the one argument, or None. Raises InvalidInput, with the usage, for several."""
    if len(call.arguments) > 1:
        raise InvalidInput("Too many arguments.", hint=usage_hint(call, usage))
    return call.arguments[0].text if call.arguments else None


def usage_hint(call: CommandCall, usage: str) -> str:
    return f"Type: `{call.command} {usage}`"
