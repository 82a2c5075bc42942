"""The Slack workspace that we belong to: learned from Slack by our own token, and kept."""

from core.decisions.people import Person
from core.decisions.workspace import Workspace
from core.service import Work
from core.services import audit
from core.services.request_keys import take_turn
from core.tables import SlackWorkspace

THE_ROW = 1
SLACK = Person("slack", source="auth.test")


def known_workspace(work: Work) -> Workspace:
    """What was learned; nothing is known where it never was."""
    row = work.session.get(SlackWorkspace, THE_ROW)
    return Workspace(row.team_id, row.enterprise_id, row.app_id) if row else Workspace()


def pin_workspace(work: Work, learned: Workspace) -> None:
    """From now on this is ours. The operator chose it, by the token that was asked with; a change is audited."""
    assert learned.team_id is not None
    take_turn(work, "slack workspace")
    row = work.session.get(SlackWorkspace, THE_ROW)
    before = Workspace(row.team_id, row.enterprise_id, row.app_id) if row else Workspace()
    after = learned.or_else(before) if before.team_id == learned.team_id else learned
    if after == before:
        return
    work.session.merge(
        SlackWorkspace(
            id=THE_ROW,
            team_id=learned.team_id,
            enterprise_id=after.enterprise_id or "",
            app_id=after.app_id,
            learned_at=work.now,
        )
    )
    audit.record(
        work, SLACK, "workspace.pinned", learned.team_id, {"before": _told(before), "after": _told(after)}
    )


def _told(workspace: Workspace) -> dict[str, str | None]:
    return {"team": workspace.team_id, "enterprise": workspace.enterprise_id, "app": workspace.app_id}
