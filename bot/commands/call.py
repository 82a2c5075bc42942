"""A sub-command: what it is given, what it answers, what it is.

What a sub-command is given, what it answers, and what it is.

Reading a sub-command's arguments: how many there may be, and what is missing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
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

    `typed`: what stands behind the command, as Slack sends it; a sub-command reads it as words or as a text.
    `request_key`: of the delivery; the same delivery again does nothing again. `command`: what the workspace named
    the command. `single_admin`: whether an admin may approve what they wrote. `response_url`: where the person is told
    more, later.
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
        """What was typed, as words. Raises InvalidInput for a quote that never closes."""
        return words_of(self.typed)

    @property
    def first(self) -> str:
        """The first word, whatever stands behind it; empty where nothing was typed."""
        return first_word(self.typed)[0]

    @property
    def text(self) -> str:
        """What was typed, as a text in people's own words: quotes, spaces and line breaks are kept."""
        return free_text(self.typed)

    def behind_first(self) -> "CommandCall":
        """The call as the sub-command sees it."""
        return replace(self, typed=first_word(self.typed)[1])


@dataclass(frozen=True)
class Reply:
    """What only the person who typed sees. `text` alone says it all. `form`: a modal to be shown in its place."""

    text: str
    blocks: tuple[Block, ...] = ()
    form: Block | None = None

    def beside(self, warning: str | None) -> "Reply":
        """The same with a warning behind it, if there is one."""
        if warning is None:
            return self
        blocks = (*self.blocks, section(warning)) if self.blocks else ()
        return replace(self, text=f"{self.text}\n{warning}", blocks=blocks)

    def body(self) -> dict[str, object]:
        """The answer to the command: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses."""
        body: dict[str, object] = {"response_type": "ephemeral", "text": self.text}
        return body | ({"blocks": list(self.blocks)} if self.blocks else {})


Handler: TypeAlias = Callable[[UnitOfWork, Person, CommandCall], Reply]


@dataclass(frozen=True)
class Command:
    """A sub-command: `name`, what is typed behind it, what it does in a few words."""

    name: str
    usage: str
    summary: str
    handle: Handler

    @property
    def line(self) -> str:
        """`run NAME [key=value…]`."""
        return f"{self.name} {self.usage}".strip()


def only_argument(call: CommandCall, usage: str) -> str:
    """The one argument. Raises InvalidInput, with the right usage, where there is none or another."""
    argument = optional_argument(call, usage)
    if argument is None:
        raise InvalidInput("Something is missing.", hint=usage_hint(call, usage))
    return argument


def optional_argument(call: CommandCall, usage: str) -> str | None:
    """The one argument, or None. Raises InvalidInput where there are more."""
    if len(call.arguments) > 1:
        raise InvalidInput("That is more than this takes.", hint=usage_hint(call, usage))
    return call.arguments[0].text if call.arguments else None


def usage_hint(call: CommandCall, usage: str) -> str:
    return f"Type: `{call.command} {usage}`"
