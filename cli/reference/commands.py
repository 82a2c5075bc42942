"""The page of the slash command."""

from bot.commands.dispatch import COMMANDS
from cli.reference.markdown import page, table

INTRODUCTION = """
There is one slash command, whatever the workspace names it; here it is `/runbook`. Where an incident is needed it is
the channel's. The answer is for who typed it alone; what runs is told in the channel.
"""


def commands_page() -> str:
    rows = [(f"`/runbook {command.line}`", command.summary) for command in COMMANDS.values()]
    return page("The slash command", INTRODUCTION, table(("type", "what it does"), rows))
