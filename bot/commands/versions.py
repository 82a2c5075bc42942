"""`history`, `approve` and `deprecate`: the versions of a runbook's definition, and decisions about them."""

import re

from bot.cards.blocks import sections
from bot.cards.changes import NOTHING, Changes, changes_card
from bot.cards.definition_approval import Shown, approval_card
from bot.cards.words import bounded, escape, moment, one_line, who
from bot.commands.call import Command, CommandCall, Reply, only_argument, usage_hint
from core.decisions.people import Person
from core.errors import InvalidInput
from core.services.library.approval import check_approvable, deprecate
from core.services.library.finding import check_may_approve, find, owner_of
from core.services.library.history import AnyVersion, diff_to_read, list_history, view_with_diff
from core.services.library.kinds import RUNBOOKS, DefinitionKind, Row
from core.services.library.runbooks import find_runbook
from core.services.library.writing import Intent, check_read
from core.statuses import ApprovalStatus
from core.tables import Runbook, Workflow
from core.unit_of_work import UnitOfWork

MOST_LISTED = 20
NOTE_LENGTH = 150
LONGEST_NOTE = 2_000
APPROVE = "approve NAME [vVERSION]"
DEPRECATE = "deprecate NAME [REASON]"
VERSION = re.compile(r"v?([0-9]{1,9})", re.IGNORECASE)


def history(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show who wrote, approved and deprecated it, newest first."""
    row = find_runbook(work, person, only_argument(call, "history NAME"))
    return history_reply(work, RUNBOOKS, row)


def history_reply(work: UnitOfWork, kind: DefinitionKind[Row], row: Row) -> Reply:
    """Show the newest lines of a runbook's or workflow's history."""
    found: list[AnyVersion] = list_history(work, kind, row, size=MOST_LISTED + 1)
    lines = [f"*{escape(row.name)}*", *map(_line, found[:MOST_LISTED])]
    if len(found) > MOST_LISTED:
        lines.append(f"… only the {MOST_LISTED} newest are shown.")
    return Reply(bounded("\n".join(lines), 3_000), tuple(sections(lines)))


def _line(line: AnyVersion) -> str:
    done = line.change.replace("_", " ")
    at = moment(line.created_at, "{date_short_pretty} {time}")
    note = bounded(escape(one_line(line.note)), NOTE_LENGTH)
    return f"• v{line.version} {done} by {who(line.changed_by)}, {at}{f' · {note}' if note else ''}"


def approve(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Show a runbook's newest version, with the button that approves it."""
    return approval_reply(work, person, call, RUNBOOKS, APPROVE)


def approval_reply(
    work: UnitOfWork, person: Person, call: CommandCall, kind: DefinitionKind[Row], usage: str
) -> Reply:
    """Show the newest version with a button that approves exactly what is shown. Typing alone approves nothing.

    Refuses a typed version that is not the newest.
    """
    if not 1 <= len(call.arguments) <= 2:
        raise InvalidInput(
            f"The {kind.noun}'s name, and at most one version, are needed.", hint=usage_hint(call, usage)
        )
    row = find(work, person, kind, call.arguments[0].text)
    read = _version(call, call.arguments[1].text, usage) if len(call.arguments) == 2 else None
    check_may_approve(person, owner_of(row))
    check_read(kind, row, Intent(read_version=read))
    if row.status == ApprovalStatus.APPROVED:
        return Reply(
            f"{escape(row.name)} v{row.version} is already approved, by {who(row.approved_by or '')}."
        )
    check_approvable(person, row, own_version_allowed=call.single_admin)
    shown = Shown(kind.noun, row.id, row.version, kind.digest_of(row))
    text, blocks = approval_card(view_with_diff(work, row), shown, diff_to_read(work, kind, row))
    return Reply(text, tuple(blocks))


def _version(call: CommandCall, text: str, usage: str) -> int:
    found = VERSION.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text} is not a version.", hint=usage_hint(call, usage), field="version")
    return int(found[1])


def deprecate_(work: UnitOfWork, person: Person, call: CommandCall) -> Reply:
    """Deprecate a runbook, so that it can no longer run."""
    return deprecation_reply(work, person, call, RUNBOOKS, DEPRECATE)


def deprecation_reply(
    work: UnitOfWork, person: Person, call: CommandCall, kind: DefinitionKind[Row], usage: str
) -> Reply:
    """Deprecate it. The text after the name is the reason."""
    if not call.first:
        raise InvalidInput(f"The {kind.noun}'s name is missing.", hint=usage_hint(call, usage))
    row = find(work, person, kind, call.first)
    deprecate(work, person, kind, row, Intent(call.behind_first().text[:LONGEST_NOTE]))
    return Reply(f"🗄️ {escape(row.name)} v{row.version} is deprecated and can no longer run.")


COMMANDS = (
    Command("history", "NAME", "show who wrote, approved and deprecated a runbook", history),
    Command(
        "approve",
        "NAME [vVERSION]",
        "show a runbook's newest version, to approve it (platform admins)",
        approve,
    ),
    Command(
        "deprecate", "NAME [REASON]", "stop a runbook from being run (platform and team admins)", deprecate_
    ),
)


def draft_changes(work: UnitOfWork, call: CommandCall, row: Runbook | Workflow, verb: str) -> Changes:
    """Return the changes that an approver must see; NOTHING if it is approved. `verb`: the approving sub-command."""
    if row.status == ApprovalStatus.APPROVED:
        return NOTHING
    approve = (
        f"`{call.command} {verb} {row.name} v{row.version}`" if row.status == ApprovalStatus.DRAFT else None
    )
    return changes_card(view_with_diff(work, row), approve=approve)
