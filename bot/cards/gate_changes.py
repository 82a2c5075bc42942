"""What has changed since an approval was last given at the same gate, in a few lines. Pure."""

from bot.cards.blocks import Block, context, sections
from bot.cards.words import bounded, code, counted, escape, moment, one_line, visible, who
from core.views.executions import ApprovalView, DifferenceView, ExecutionView, LastApprovalView

MOST_LINES = 6
MOST_PEOPLE = 10  # as many as the gate pings
NAME_LENGTH, SHORT = 80, 60
DATE = "{date_short_pretty} {time}"


def change_blocks(execution: ExecutionView, approval: ApprovalView, full_text: str) -> list[Block]:
    """Return the differences; in small print that there are none; nothing if it was never approved."""
    since = approval.since
    if since is None:
        return []
    if not since.differences:
        return [context(_unchanged(execution, approval, since))]
    lines = [f"• {difference_line(each)}" for each in since.differences[:MOST_LINES]]
    hidden = len(since.differences) - MOST_LINES + since.more
    if hidden > 0:
        lines.append(f"… and {counted(hidden, 'more difference')}. {full_text}.")
    return sections([f"🔄 *Changed since {_approval(execution, approval)}:*", *lines])


def change_words(execution: ExecutionView, approval: ApprovalView) -> str:
    """Return the same in a sentence, for a message's `text`; empty if nothing has changed."""
    since = approval.since
    if since is None or not since.differences:
        return ""
    said = "; ".join(difference_line(each) for each in since.differences[:MOST_LINES])
    hidden = len(since.differences) - MOST_LINES + since.more
    more = f"; and {hidden} more" if hidden > 0 else ""
    return f"Changed since {_approval(execution, approval)}: {said}{more}."


def _unchanged(execution: ExecutionView, approval: ApprovalView, since: LastApprovalView) -> str:
    same = (
        "The same will be sent as with"
        if since.execution_id == execution.id
        else "Same steps and parameters as"
    )
    return f"{same} {_approval(execution, approval)}."


def _approval(execution: ExecutionView, approval: ApprovalView) -> str:
    """Return `v3, approved by @ann (3 March)`, or for an approval of this very run `the approval by @ann at 03:12`.

    Only those are named who are asked again: a mention would notify the others for nothing.
    """
    since = approval.since
    assert since is not None, "it was approved before"
    asked = [person for person in since.approved_by if person in approval.people[:MOST_PEOPLE]]
    by, at = f" by {' and '.join(map(who, asked))}" if asked else "", since.approved_at
    if since.execution_id == execution.id:
        return f"the approval{by}{f' at {moment(at)}' if at else ''}"
    return f"v{since.version}, approved{by}{f' ({moment(at, DATE)})' if at else ''}"


def difference_line(difference: DifferenceView) -> str:
    """`step restart: timeout is 60s, was 30s`, with everything that people wrote as code."""
    subject = _subject(difference)
    match difference.kind:
        case "moved":
            return f"{subject} now comes at another place"
        case "added" if not difference.field and difference.where != "parameter":
            return f"{subject} is new"
        case "removed" if not difference.field and difference.where != "parameter":
            return f"{subject} was removed"
    what = f"{subject}: {_name(difference.field)}" if difference.field else subject
    if difference.after is None:
        return f"{what} was {_value(difference.before)}, is not given now"
    before = f", was {_value(difference.before)}" if difference.before is not None else ", was not given"
    return f"{what} is {_value(difference.after)}{before}"


def _subject(difference: DifferenceView) -> str:
    match difference.where:
        case "runbook":
            return "runbook"
        case "request":
            return f"what step {_name(difference.name)} sends"
        case _:
            return f"{difference.where} {_name(difference.name)}"


def _name(text: str) -> str:
    return f"*{bounded(escape(one_line(visible(text))), NAME_LENGTH)}*"


def _value(text: str | None) -> str:
    return code(visible(text or ""), SHORT)
