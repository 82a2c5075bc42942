"""The reference page of the slash command."""

from bot.commands.dispatch import COMMANDS
from cli.reference.markdown import page, table

INTRODUCTION = """
There is one slash command, whatever name the workspace gives it; here it is `/runbook`. A command that needs an
incident uses the channel's. Only the person who typed it sees the answer; runs are reported in the channel.
"""


def commands_page() -> str:
    rows = [(f"`/runbook {command.line}`", command.summary) for command in COMMANDS.values()]
    return page("The slash command", INTRODUCTION, table(("command", "what it does"), rows))
