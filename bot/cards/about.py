"""The parts that every message about an execution shares: title, parameters, freeze, tag and metadata."""

from bot.cards.blocks import Block, Metadata, context, section
from bot.cards.words import bounded, code, escape, link, moment, one_line, who
from core.views.executions import ExecutionView, FreezeView

EVENT_TYPE = "runbook_execution"
MOST_PARAMETERS = 12
REASON_LENGTH = 500
CHILD_LENGTH = 80


def title(execution: ExecutionView) -> str:
    """`db-failover v3`, bold."""
    return f"*{escape(execution.runbook)}* v{execution.runbook_version}{_of_child(execution)}"


def _of_child(execution: ExecutionView) -> str:
    """Return ` · db-3` for a child run, by which people tell it from its siblings."""
    name = execution.child_name
    return f" · {bounded(escape(one_line(name)), CHILD_LENGTH)}" if name else ""


def plain_title(execution: ExecutionView) -> str:
    """`db-failover v3 (inc-12)`, for the text that stands alone."""
    child = _of_child(execution)
    return (
        f"{escape(execution.runbook)} v{execution.runbook_version}{child} (inc-{execution.incident_number})"
    )


def metadata(execution: ExecutionView) -> Metadata:
    """Return the metadata by which programs, and the poster after a crash, recognize the message.

    https://docs.slack.dev/messaging/message-metadata
    """
    return {
        "event_type": EVENT_TYPE,
        "event_payload": {
            "execution_id": execution.id,
            "runbook": execution.runbook,
            "runbook_version": execution.runbook_version,
            "status": execution.status.value,
            "incident_id": execution.incident_id,
            "workflow_execution_id": execution.workflow_execution_id,
        },
    }


def parameter_line(execution: ExecutionView) -> str:
    """`cluster `orders` · reason `disk full``; empty for a run without parameters."""
    given = list(execution.parameters.items())
    shown = [f"{escape(name)} {code(value)}" for name, value in given[:MOST_PARAMETERS]]
    if len(given) > MOST_PARAMETERS:
        shown.append(f"… {len(given) - MOST_PARAMETERS} more")
    return " · ".join(shown)


def parameter_blocks(execution: ExecutionView) -> list[Block]:
    line = parameter_line(execution)
    return [section(line)] if line else []


def freeze_blocks(freeze: FreezeView | None) -> list[Block]:
    """Return one line that says what is frozen, by whom, why and since when; nothing where there is no freeze."""
    return [section(f"{freeze_line(freeze)} ({_since(freeze)})")] if freeze else []


def freeze_words(freeze: FreezeView | None) -> str:
    """Return the same as plain text, for a message's `text`; empty if there is no freeze."""
    return f"🧊 {_scope(freeze)} is frozen {_why(freeze)} ({_since(freeze)})." if freeze else ""


def _scope(freeze: FreezeView) -> str:
    return "Everything" if freeze.team is None else f"Team {escape(freeze.team)}"


def _why(freeze: FreezeView) -> str:
    return f"by {who(freeze.frozen_by)}: {bounded(escape(one_line(freeze.reason)), REASON_LENGTH)}"


def _since(freeze: FreezeView) -> str:
    return f"since {moment(freeze.created_at, '{date_short_pretty} {time}')}"


def freeze_line(freeze: FreezeView) -> str:
    return f"🧊 *{_scope(freeze)} is frozen* {_why(freeze)}"


def tag(execution: ExecutionView, page: str = "") -> Block:
    """Return the context line: the run's id, linked to its `page`, and the workflow execution that started it."""
    run = f"run {_linked(execution.id, page)}{_relatives(execution)}"
    if execution.workflow_execution_id is None:
        return context(run)
    workflow = f"workflow *{escape(execution.workflow or '')}* {escape(execution.workflow_execution_id)}"
    return context(workflow, run)


def _relatives(execution: ExecutionView) -> str:
    """Return which run this one retries, and which run retries this one."""
    before = f", a retry of {escape(execution.retry_of)}" if execution.retry_of else ""
    after = f", retried as {escape(execution.retried_as)}" if execution.retried_as else ""
    return before + after


def _linked(execution_id: str, page: str) -> str:
    if not page:
        return escape(execution_id)
    return link(page, execution_id)
