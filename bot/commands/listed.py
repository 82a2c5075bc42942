"""The list of runbooks or workflows that a person may see, one line each."""

from collections.abc import Callable, Sequence

from bot.cards.blocks import sections
from bot.cards.words import bounded, counted, escape, one_line
from bot.commands.call import CommandCall, Reply, optional_argument
from core.services.library.kinds import DefinitionKind, Row
from core.services.views.executions import description_of

MOST_LISTED = 100
DESCRIPTION_LENGTH = 120


def list_reply(
    call: CommandCall, kind: DefinitionKind[Row], visible: Sequence[Row], standing: Callable[[Row], str]
) -> Reply:
    """List all of them; with a word, those whose name contains it.

    `standing` returns a row's owner, and whether it is in force.
    """
    word = optional_argument(call, f"{kind.listing} [WORD]") or ""
    found = [row for row in visible if word.lower() in row.name]
    if not found:
        nothing = (
            f"No {kind.noun} has {escape(word)} in its name." if word else f"There are no {kind.noun}s yet."
        )
        return Reply(nothing)
    lines = [_line(row, standing(row)) for row in found[:MOST_LISTED]]
    command, more = f"{call.command} {kind.listing}", len(found) - MOST_LISTED
    if more > 0:
        lines.append(f"… {more} more: `{command} WORD` lists those with WORD in their name.")
    lines.append(f"Details: `{command.removesuffix('list')}show NAME`")
    text = f"{counted(len(found), kind.noun)}: {', '.join(escape(row.name) for row in found[:MOST_LISTED])}"
    return Reply(bounded(text, 1_000), tuple(sections(lines)))


def _line(row: Row, standing: str) -> str:
    description = bounded(escape(one_line(description_of(row.definition))), DESCRIPTION_LENGTH)
    details = " · ".join(filter(None, (standing, escape(row.quarantine or ""), description)))
    return f"• *{escape(row.name)}* · {details}"
