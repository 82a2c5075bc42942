"""What the card of a run says besides the run itself: its lock, its approvers, its usual duration, its retry."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HolderView:
    """The run that holds a lock."""

    execution_id: str
    runbook: str
    requested_by: str


@dataclass(frozen=True)
class LockView:
    """The run's lock. `holder`: who holds it while the run waits for it; None if this incident's team may not know."""

    name: str
    is_held: bool
    holder: HolderView | None = None


@dataclass(frozen=True)
class RetryView:
    """What a retry of an ended run does. `again`: the steps that run, the first of them `from_step`.

    `asked`: the approvals that are asked for again. `refused`: why there is no retry without choosing a step; then the
    other fields are empty.
    """

    from_step: str = ""
    again: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class CardFacts:
    """`usual_seconds`: the median duration of the runbook's runs; None if there are too few to say.

    `approved_by`: the Slack ids of those who approved, in order.
    """

    usual_seconds: float | None = None
    approved_by: tuple[str, ...] = ()
    lock: LockView | None = None
    retry: RetryView | None = None
