"""`history`, `approve` and `deprecate`: what was done to a runbook's definition, and deciding about it."""

import re

from bot.cards.blocks import sections
from bot.cards.words import bounded, escape, moment, one_line, who
from bot.commands.arguments import only_argument, usage_hint
from bot.commands.call import Command, CommandCall, Reply
from core.decisions.people import Person
from core.errors import InvalidInput
from core.service import Work
from core.services.history import AnyVersion, list_history
from core.services.library import Intent
from core.services.runbooks import approve_runbook, deprecate_runbook, find_runbook
from core.services.shelves import RUNBOOKS, Row, Shelf

MOST_LISTED = 20
NOTE_LENGTH = 150
LONGEST_NOTE = 2_000
APPROVE = "approve NAME [vVERSION]"
DEPRECATE = "deprecate NAME [REASON]"
VERSION = re.compile(r"v?([0-9]{1,9})", re.IGNORECASE)


def history(work: Work, person: Person, call: CommandCall) -> Reply:
    """Who wrote, approved, deprecated it, newest first."""
    row = find_runbook(work, person, only_argument(call, "history NAME"))
    return history_reply(work, RUNBOOKS, row)


def history_reply(work: Work, shelf: Shelf[Row], row: Row) -> Reply:
    """The newest lines of a runbook's, or a workflow's, history."""
    found: list[AnyVersion] = list_history(work, shelf, row, size=MOST_LISTED + 1)
    lines = [f"*{escape(row.name)}*", *map(_line, found[:MOST_LISTED])]
    if len(found) > MOST_LISTED:
        lines.append(f"… the {MOST_LISTED} newest are shown.")
    return Reply(bounded("\n".join(lines), 3_000), tuple(sections(lines)))


def _line(line: AnyVersion) -> str:
    done = line.change.replace("_", " ")
    at = moment(line.created_at, "{date_short_pretty} {time}")
    note = bounded(escape(one_line(line.note)), NOTE_LENGTH)
    return f"• v{line.version} {done} by {who(line.changed_by)}, {at}{f' · {note}' if note else ''}"


def approve(work: Work, person: Person, call: CommandCall) -> Reply:
    """Approve the newest version, so that it may run; with a version, only if that is the newest."""
    if not 1 <= len(call.arguments) <= 2:
        raise InvalidInput("Which runbook, and which version of it?", hint=usage_hint(call, APPROVE))
    row = find_runbook(work, person, call.arguments[0].text)
    read = _version(call, call.arguments[1].text) if len(call.arguments) == 2 else None
    approve_runbook(
        work, person, row, own_version_allowed=call.single_admin, intent=Intent(read_version=read)
    )
    return Reply(f"✅ {escape(row.name)} v{row.version} is approved and may run.")


def _version(call: CommandCall, text: str) -> int:
    found = VERSION.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text} is no version.", hint=usage_hint(call, APPROVE), field="version")
    return int(found[1])


def deprecate(work: Work, person: Person, call: CommandCall) -> Reply:
    """Let it run no more; what is typed behind its name is the reason."""
    if not call.arguments:
        raise InvalidInput("Which runbook?", hint=usage_hint(call, DEPRECATE))
    row = find_runbook(work, person, call.arguments[0].text)
    reason = " ".join(word.text for word in call.arguments[1:])[:LONGEST_NOTE]
    deprecate_runbook(work, person, row, Intent(reason))
    return Reply(f"🗄️ {escape(row.name)} v{row.version} is deprecated and runs no more.")


COMMANDS = (
    Command("history", "NAME", "who wrote, approved and deprecated a runbook", history),
    Command("approve", "NAME [vVERSION]", "approve a runbook's newest version (platform admins)", approve),
    Command("deprecate", "NAME [REASON]", "let a runbook run no more (platform and team admins)", deprecate),
)
