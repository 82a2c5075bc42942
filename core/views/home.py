"""What a person sees in their Home tab in Slack."""

from dataclasses import dataclass

from core.views.executions import ApprovalView, ExecutionView
from core.views.incidents import IncidentView


@dataclass(frozen=True)
class Home:
    """`approvals`: the gates that they may decide, the oldest first, each with its run.

    `more_approvals`: how many more there are.

    `running`, `incidents`: those of their teams; `own`: the runs that they requested last. `refusal`: why they may do
    nothing here, if so.
    """

    approvals: list[tuple[ExecutionView, ApprovalView]]
    more_approvals: int
    running: list[ExecutionView]
    incidents: list[IncidentView]
    own: list[ExecutionView]
    has_team: bool
    refusal: str = ""
