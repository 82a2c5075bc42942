"""What a person may see of one kind of definition: a line each."""

from collections.abc import Callable, Sequence

from bot.cards.blocks import sections
from bot.cards.words import bounded, escape, one_line
from bot.commands.call import CommandCall, Reply, optional_argument
from core.services.library.kinds import DefinitionKind, Row
from core.services.views.executions import description_of

MOST_LISTED = 100
DESCRIPTION_LENGTH = 120


def list_reply(
    call: CommandCall, kind: DefinitionKind[Row], visible: Sequence[Row], standing: Callable[[Row], str]
) -> Reply:
    """All of them; with a word, those whose name has it. `standing`: whose it is, and whether it is in force."""
    word = optional_argument(call, f"{kind.listing} [WORD]") or ""
    found = [row for row in visible if word.lower() in row.name]
    if not found:
        nothing = f"No {kind.noun}'s name has {escape(word)}." if word else f"There are no {kind.noun}s yet."
        return Reply(nothing)
    lines = [_line(row, standing(row)) for row in found[:MOST_LISTED]]
    command, more = f"{call.command} {kind.listing}", len(found) - MOST_LISTED
    if more > 0:
        lines.append(f"… {more} more: `{command} WORD` shows those with a word.")
    lines.append(f"`{command.removesuffix('list')}show NAME` tells more.")
    text = f"{len(found)} {kind.noun}s: {', '.join(escape(row.name) for row in found[:MOST_LISTED])}"
    return Reply(bounded(text, 1_000), tuple(sections(lines)))


def _line(row: Row, standing: str) -> str:
    description = bounded(escape(one_line(description_of(row.definition))), DESCRIPTION_LENGTH)
    told = " · ".join(filter(None, (standing, escape(row.quarantine or ""), description)))
    return f"• *{escape(row.name)}* · {told}"
