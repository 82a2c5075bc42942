"""An incident's timeline: one query over the existing rows. Only notes are written for it.

Each line has a time and an id. The id orders lines of the same time: causes before effects, a step's start before its
end. Something that ends at the moment it starts has one line, for its end.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, select, text

from core.decisions.people import Person
from core.decisions.policy_table import Action
from core.decisions.team_scope import check_may_respond
from core.decisions.timeline import in_words
from core.errors import InvalidInput
from core.identifiers import Prefix, new_id
from core.services.access.listing import Window
from core.services.shared import audit
from core.services.shared.idempotency import serialize_on_key
from core.tables import Incident, IncidentEvent
from core.unit_of_work import UnitOfWork
from core.views.incidents import NoteView, TimelineEntryView

NOTE = "incident.note"
MANUAL = "manual"  # the event behind a workflow started by hand; the workflow's own line says as much

# All timeline lines of one incident, as a UNION of everything that happened. As SQL: the database merges, filters and
# pages them, so that a page costs one query however long the timeline is.
LINES = """
WITH every_run AS (
    SELECT * FROM runbook_executions WHERE incident_id = :incident
), run AS (
    SELECT * FROM every_run WHERE parent_execution_id IS NULL
), flow AS (
    SELECT * FROM workflow_executions WHERE incident_id = :incident
), step AS (
    SELECT part.*, run.runbook_name FROM run
    JOIN step_executions part ON part.execution_id = run.id AND NOT part.carried_over
), action AS (
    SELECT part.*, flow.workflow_name FROM flow JOIN action_executions part ON part.execution_id = flow.id
), gate AS (
    SELECT approval.*, every_run.runbook_name, part.step_id, part.started_at FROM every_run
    JOIN approvals approval ON approval.execution_id = every_run.id
    JOIN step_executions part ON part.execution_id = approval.execution_id AND part.position = approval.position
), asked AS (
    SELECT input.id, input.status, input.opened_at, input.closed_at, input.answered_by, part.started_at, part.position,
        jsonb_build_object('runbook', runbook_name, 'step', part.step_id, 'execution_id', part.execution_id) AS told,
        input."values" AS entered
    FROM every_run JOIN input_requests input ON input.execution_id = every_run.id
    JOIN step_executions part ON part.execution_id = input.execution_id AND part.position = input.position
), held AS (
    SELECT freezes.id, freezes.created_at, frozen_by, lifted_at, lifted_by, incident.closed_at,
        incident.created_at AS opened_at,
        jsonb_build_object('scope', coalesce('team ' || teams.name, 'everything'), 'why', reason) AS told
    FROM incidents incident
    JOIN freezes ON freezes.team_id IS NULL OR freezes.team_id = incident.team_id
    LEFT JOIN teams ON teams.id = freezes.team_id
    WHERE incident.id = :incident AND (lifted_at IS NULL OR lifted_at > incident.created_at)
        AND (incident.closed_at IS NULL OR freezes.created_at < incident.closed_at)
), line (at, rank, position, phase, kind, actor, subject_id, details) AS (
    SELECT created_at, 1, number, 0, type, actor, incident_id, details
    FROM incident_events WHERE incident_id = :incident AND type <> :manual
    UNION ALL
    SELECT created_at, 2, 0, 0, 'workflow.requested', requested_by, id,
        jsonb_build_object('workflow', workflow_name, 'version', workflow_version) FROM flow
    UNION ALL
    SELECT started_at, 3, position, 0, 'action.started', 'workflow:' || workflow_name, execution_id,
        jsonb_build_object('workflow', workflow_name, 'action', step_id, 'type', type)
    FROM action WHERE started_at IS NOT NULL AND started_at IS DISTINCT FROM finished_at
    UNION ALL
    SELECT finished_at, 3, position, 9, 'action.ended', 'workflow:' || workflow_name, execution_id,
        jsonb_build_object('workflow', workflow_name, 'action', step_id, 'type', type, 'status', status,
            'attempt', attempt, 'error', error)
    FROM action WHERE finished_at IS NOT NULL
    UNION ALL
    SELECT created_at, 4, 0, 0, CASE WHEN retry_of IS NULL THEN 'run.requested' ELSE 'run.retried' END,
        requested_by, id, jsonb_build_object('runbook', runbook_name, 'version', runbook_version,
            'workflow_execution_id', workflow_execution_id, 'retry_of', retry_of) FROM run
    UNION ALL
    SELECT started_at, 5, position, 0, 'step.started', 'system', execution_id,
        jsonb_build_object('runbook', runbook_name, 'step', step_id, 'type', type)
    FROM step WHERE started_at IS NOT NULL AND started_at IS DISTINCT FROM finished_at
    UNION ALL
    SELECT finished_at, 5, position, 9, 'step.ended', 'system', execution_id,
        jsonb_build_object('runbook', runbook_name, 'step', step_id, 'type', type, 'status', status,
            'attempt', attempt, 'error', error)
    FROM step WHERE finished_at IS NOT NULL
    UNION ALL
    SELECT greatest(opened_at, started_at), 5, position, 1, 'approval.opened', 'system', id,
        jsonb_build_object('runbook', runbook_name, 'step', step_id, 'execution_id', execution_id) FROM gate
    UNION ALL
    SELECT closed_at, 5, position, 3, 'approval.' || status, 'system', id,
        jsonb_build_object('runbook', runbook_name, 'step', step_id, 'execution_id', execution_id)
    FROM gate WHERE status IN ('expired', 'cancelled')
    UNION ALL
    SELECT greatest(opened_at, started_at), 5, position, 1, 'input.opened', 'system', id, told FROM asked
    UNION ALL
    SELECT closed_at, 5, position, 2, 'input.answered', answered_by, id,
        told || jsonb_build_object('values', entered)
    FROM asked WHERE status = 'answered'
    UNION ALL
    SELECT closed_at, 5, position, 3, 'input.' || status, 'system', id, told
    FROM asked WHERE status IN ('expired', 'cancelled')
    UNION ALL
    SELECT decision.created_at, 5, gate.position, 2,
        CASE WHEN approved THEN 'approval.approved' ELSE 'approval.rejected' END, slack_user_id, gate.id,
        jsonb_build_object('runbook', runbook_name, 'step', step_id, 'execution_id', execution_id,
            'reason', reason)
    FROM gate JOIN approval_decisions decision ON decision.approval_id = gate.id
    UNION ALL
    SELECT entry.created_at, 6, 0, 0, replace(action, 'runbook_execution.', 'run.'), actor, subject_id,
        jsonb_build_object('runbook', runbook_name) || entry.details
    FROM every_run JOIN audit_entries entry ON entry.subject_id = every_run.id
    WHERE action LIKE 'verdict.%' OR action IN ('runbook_execution.cancelled', 'callback.received')
    UNION ALL
    SELECT entry.created_at, 6, 0, 0, 'workflow.cancelled', actor, subject_id,
        jsonb_build_object('workflow', workflow_name)
    FROM flow JOIN audit_entries entry ON entry.subject_id = flow.id
    WHERE action = 'workflow_execution.cancelled'
    UNION ALL
    SELECT finished_at, 7, 0, 0, 'run.ended', 'system', id,
        jsonb_build_object('runbook', runbook_name, 'status', status, 'error', error)
    FROM run WHERE finished_at IS NOT NULL
    UNION ALL
    SELECT finished_at, 5, coalesce(child_index, 0), 5, 'child.ended', 'system', id,
        jsonb_build_object('runbook', runbook_name, 'child', child_name, 'status', status, 'error', error)
    FROM every_run
    WHERE parent_execution_id IS NOT NULL AND finished_at IS NOT NULL AND started_at IS NOT NULL
    UNION ALL
    SELECT greatest(created_at, opened_at), 1, 2147483647, 0, 'freeze.begun', frozen_by, id, told FROM held
    UNION ALL
    SELECT lifted_at, 1, 2147483647, 0, 'freeze.lifted', lifted_by, id, told FROM held
    WHERE lifted_at IS NOT NULL AND (closed_at IS NULL OR lifted_at < closed_at)
    UNION ALL
    SELECT finished_at, 8, 0, 0, 'workflow.ended', 'system', id,
        jsonb_build_object('workflow', workflow_name, 'status', status, 'error', error)
    FROM flow WHERE finished_at IS NOT NULL
), ordered AS (
    SELECT at, kind, actor, subject_id, details,
        'tml_' || rank || lpad(position::text, 10, '0') || phase
            || left(md5(concat_ws(' ', kind, actor, subject_id, position)), 16) AS id
    FROM line
)
SELECT id, at, kind, actor, subject_id, details FROM ordered
"""

# The page of lines after a position, filtered by kind and time.
PAGE = text(
    f'{LINES} WHERE (CAST(:at AS timestamptz) IS NULL OR (at, id COLLATE "C") > (:at, :id))'
    " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR at < :until)"
    " AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY(CAST(:kinds AS text[])))"
    ' ORDER BY at, id COLLATE "C" LIMIT :size'
)

# The last lines, newest first.
LAST = text(f'{LINES} ORDER BY at DESC, id COLLATE "C" DESC LIMIT :size')


@dataclass(frozen=True)
class WantedLines:
    """A filter for lines: of these kinds, at or after `since` and before `until`. None means no restriction."""

    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL = WantedLines()


def timeline(
    work: UnitOfWork, incident: Incident, window: Window, wanted: WantedLines = ALL
) -> list[TimelineEntryView]:
    """Return the lines after the window's position, oldest first. The caller has checked the person's permission."""
    after = window.after
    place = {"at": after.at if after else None, "id": after.id if after else None, "size": window.size}
    kinds = list(wanted.kinds) if wanted.kinds is not None else None
    values = {**place, "since": wanted.since, "until": wanted.until, "kinds": kinds}
    return _lines(work, incident, PAGE, values)


def last_lines(work: UnitOfWork, incident: Incident, size: int) -> list[TimelineEntryView]:
    """Return the last `size` lines, oldest first."""
    return _lines(work, incident, LAST, {"size": size})[::-1]


def last_status_change(work: UnitOfWork, incident: Incident) -> IncidentEvent | None:
    """Return the event by which the incident came to its present status; None while it is open."""
    query = select(IncidentEvent).where(
        IncidentEvent.incident_id == incident.id, IncidentEvent.type == "incident.status_changed"
    )
    return work.session.scalars(query.order_by(IncidentEvent.number.desc()).limit(1)).first()


def _lines(
    work: UnitOfWork, incident: Incident, query: TextClause, values: Mapping[str, object]
) -> list[TimelineEntryView]:
    rows = work.session.execute(query, {"incident": incident.id, "manual": MANUAL, **values})
    return [TimelineEntryView(**row, text=in_words(row["kind"], row["details"])) for row in rows.mappings()]


LONGEST_NOTE = 3_000


def check_note(note: str) -> None:
    """Raise InvalidInput for a note of a person's that is empty or too long."""
    if not note:
        raise InvalidInput("The note's text is missing.", field="text")
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(
            f"A note has at most {LONGEST_NOTE} characters, this one has {len(note)}.", field="text"
        )


def add_note(
    work: UnitOfWork,
    person: Person,
    incident: Incident,
    text_: str,
    *,
    request_key: str | None = None,
    action: Action = Action.INCIDENT_NOTE,
) -> NoteView:
    """Add a note to the timeline. Raises NotAllowed if the person is not in the incident's team.

    `request_key`: a repeated delivery with the same key adds nothing and returns the first note. `action`: the
    permission that the person needs.
    """
    check_may_respond(person, incident.team.name, f"add a note to inc-{incident.number}", action)
    if request_key is not None:
        serialize_on_key(work, request_key)
        known = work.session.get(IncidentEvent, _event_id(request_key))
        if known is not None:
            return _view(known)
    event = IncidentEvent(
        id=_event_id(request_key) if request_key else new_id(Prefix.EVENT),
        incident_id=incident.id,
        type=NOTE,
        actor=person.slack_user_id,
        details={"text": text_},
        created_at=work.now,
    )
    work.session.add(event)
    audit.record(work, person, "incident.noted", incident.id, {"before": None, "after": {"note": text_}})
    return _view(event)


def _event_id(request_key: str) -> str:
    """Return an event id derived from the request key."""
    return f"{Prefix.EVENT}_{hashlib.sha256(request_key.encode()).hexdigest()[:24]}"


def _view(event: IncidentEvent) -> NoteView:
    return NoteView(
        id=event.id,
        incident_id=event.incident_id,
        text=event.details["text"],
        author=event.actor,
        created_at=event.created_at,
    )
