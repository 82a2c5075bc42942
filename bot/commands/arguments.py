"""Reading a sub-command's arguments: how many there may be, and what is missing."""

from bot.commands.call import CommandCall
from core.errors import InvalidInput


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
