"""What starts workflows: changes of status and severity, age, people; and what stops a circle."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from core.decisions.initiators import MOST_DEPTH
from core.errors import Conflict
from core.services.access.people import load_person
from core.services.incidents import ages
from core.services.incidents.changes import escalate
from core.services.starts.workflow_starts import TOO_DEEP
from core.statuses import IncidentStatus, Severity, Status
from core.tables import Incident
from core.unit_of_work import UnitOfWork
from tests.integration.core.workflows.deployment import START, Deployment
from tests.world import apply_documents, new_incident

SECOND = timedelta(seconds=1)


def workflow(trigger: str, *, name: str = "told", text: str = "told", more: str = "") -> str:
    return f"""
kind: workflow
name: {name}
trigger: {trigger}
{more}
actions:
  - {{id: tell, type: message, text: "{text}"}}
"""


def raise_to(deployment: Deployment, incident: Incident, severity: Severity) -> None:
    with deployment.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        escalate(work, person, work.session.get_one(Incident, incident.id), severity)
    deployment.work()


@pytest.mark.parametrize(
    ("trigger", "said"),
    [
        ("{on: incident.status_changed}", ["open>acknowledged", "acknowledged>resolved"]),
        ("{on: incident.status_changed, to: resolved}", ["acknowledged>resolved"]),
        ("{on: incident.status_changed, from: open}", ["open>acknowledged"]),
        ("{on: incident.status_changed, from: open, to: resolved}", []),
    ],
)
def test_a_change_of_status_starts_the_workflows_that_name_it(
    deployment: Deployment, trigger: str, said: list[str]
) -> None:
    deployment.apply(workflow(trigger, text="{{ event.from }}>{{ event.to }}"))
    incident = deployment.open()
    deployment.change(incident, IncidentStatus.ACKNOWLEDGED)
    deployment.change(incident, IncidentStatus.RESOLVED)

    assert deployment.said() == said


def test_conditions_and_actions_see_what_the_event_tells(deployment: Deployment) -> None:
    text = "{{ event.by }} {{ event.from }}>{{ event.severity }}"
    condition = "when: event.severity == 'critical' && event.from != 'critical'"
    deployment.apply(workflow("{on: incident.escalated}", text=text, more=condition))
    incident = deployment.open(severity="low")
    raise_to(deployment, incident, Severity.HIGH)
    raise_to(deployment, incident, Severity.CRITICAL)

    assert deployment.said() == ["U0DBOPS high>critical"]


@pytest.mark.parametrize("severity", [Severity.LOW, Severity.MEDIUM])
def test_to_escalate_is_to_raise(deployment: Deployment, severity: Severity) -> None:
    deployment.apply(workflow("{on: incident.escalated}"))
    incident = deployment.open(severity="medium")
    with pytest.raises(Conflict, match="already medium"):
        raise_to(deployment, incident, severity)

    assert deployment.runs() == []


def test_all_workflows_that_match_an_event_run_independently(deployment: Deployment) -> None:
    failing = workflow("{on: incident.created}", name="a-failing", text="{{ int(incident.title) }}")
    deployment.apply(failing + "---" + workflow("{on: incident.created}", name="b-told"))
    deployment.open()

    assert (deployment.run("a-failing").status, deployment.run("b-told").status) == (
        Status.FAILED,
        Status.SUCCEEDED,
    )


# Age -----------------------------------------------------------------------------------------------

AGE = "{on: incident.age, minutes: 15}"
DUE = timedelta(minutes=15)


def test_an_incident_comes_of_age_at_the_second(deployment: Deployment) -> None:
    deployment.apply(workflow(AGE, text="{{ event.minutes }}"))
    deployment.open()
    deployment.at(DUE - SECOND)
    assert deployment.runs() == []
    deployment.at(DUE)
    assert deployment.said() == ["15"]


@pytest.mark.parametrize(
    "trouble", [ValueError("nobody expected this"), IntegrityError("INSERT", {}, Exception("nor this"))]
)
def test_an_incident_that_is_in_trouble_keeps_no_other_from_coming_of_age(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    deployment.apply(workflow(AGE))
    troubled, _ = deployment.open(title="troubled"), deployment.open(title="other")
    reach = ages._reach

    def reach_or_fail(work: UnitOfWork, workflow_id: str, incident_id: str) -> None:
        if incident_id == troubled.id:
            raise trouble
        reach(work, workflow_id, incident_id)

    monkeypatch.setattr(ages, "_reach", reach_or_fail)
    with pytest.raises(ExceptionGroup, match="reached an age"):
        deployment.at(timedelta(minutes=15))
    assert len(deployment.runs()) == 1
    monkeypatch.undo()
    deployment.at(timedelta(minutes=16))
    assert len(deployment.runs()) == 2, "it is looked at again"


def test_a_workflow_starts_once_for_an_incident_and_an_age_whatever_is_restarted_or_edited(
    deployment: Deployment,
) -> None:
    deployment.apply(workflow(AGE))
    deployment.open()
    deployment.at(DUE)
    apply_documents(deployment.unit_of_work, workflow(AGE, text="other words"))
    deployment.at(DUE + SECOND)
    assert deployment.said() == ["told"]

    deployment.apply(workflow("{on: incident.age, minutes: 20}"))
    deployment.at(timedelta(minutes=20))
    assert len(deployment.runs()) == 2, "another age is another one"


def test_a_clock_that_was_away_starts_late_what_it_missed(deployment: Deployment) -> None:
    deployment.apply(workflow(AGE))
    deployment.open()
    deployment.at(timedelta(hours=7))
    assert len(deployment.runs()) == 1


def test_an_edit_of_anything_but_the_trigger_loses_no_age(deployment: Deployment) -> None:
    deployment.apply(workflow(AGE))
    deployment.open()
    deployment.frozen.move_to(START + timedelta(minutes=16))
    apply_documents(deployment.unit_of_work, workflow(AGE, text="other words"))
    deployment.at(timedelta(minutes=16))
    assert deployment.said() == ["other words"]


@pytest.mark.parametrize("before", ["{on: incident.created}", "{on: incident.age, minutes: 30}"])
def test_an_age_that_an_incident_had_before_the_workflow_had_the_trigger_does_not_count(
    deployment: Deployment, before: str
) -> None:
    deployment.apply(workflow(before, more="when: incident.severity == 'critical'"))
    deployment.open()
    deployment.frozen.move_to(START + DUE + SECOND)
    apply_documents(deployment.unit_of_work, workflow(AGE))
    deployment.at(DUE + SECOND)
    assert deployment.runs() == []


def test_an_incident_that_comes_of_age_after_the_workflow_was_written_counts_though_it_is_older(
    deployment: Deployment,
) -> None:
    deployment.apply(workflow("{on: manual}"))
    deployment.open()
    deployment.frozen.move_to(START + DUE - SECOND)
    deployment.apply(workflow(AGE))
    deployment.at(DUE)
    assert len(deployment.runs()) == 1


def test_an_age_while_the_workflow_was_disabled_does_not_count(deployment: Deployment) -> None:
    deployment.apply(workflow(AGE, more="enabled: false"))
    deployment.open()
    deployment.at(DUE)
    assert deployment.runs() == []
    deployment.frozen.move_to(START + DUE + SECOND)
    apply_documents(deployment.unit_of_work, workflow(AGE))
    deployment.at(DUE + SECOND)
    assert deployment.runs() == []


@pytest.mark.parametrize(
    ("unless", "status", "starts"),
    [
        ("acknowledged", None, True),
        ("acknowledged", IncidentStatus.ACKNOWLEDGED, False),
        ("acknowledged", IncidentStatus.RESOLVED, False),
        ("resolved", IncidentStatus.ACKNOWLEDGED, True),
        ("resolved", IncidentStatus.RESOLVED, False),
        (None, IncidentStatus.RESOLVED, True),
        (None, IncidentStatus.CLOSED, False),
    ],
)
def test_an_age_counts_unless_the_incident_has_come_so_far(
    deployment: Deployment, unless: str | None, status: IncidentStatus | None, starts: bool
) -> None:
    trigger = f"{{on: incident.age, minutes: 15, unless: {unless}}}" if unless else AGE
    deployment.apply(workflow(trigger))
    incident = deployment.open()
    if status is not None:
        deployment.change(incident, status)
    deployment.at(DUE)
    assert len(deployment.runs()) == (1 if starts else 0)


def test_a_condition_that_does_not_hold_at_the_age_is_not_asked_again(deployment: Deployment) -> None:
    deployment.apply(workflow(AGE, more="when: incident.severity == 'critical'"))
    incident = deployment.open(severity="low")
    deployment.at(DUE)
    raise_to(deployment, incident, Severity.CRITICAL)
    deployment.at(DUE + SECOND)
    assert deployment.runs() == []


def test_an_age_of_another_teams_incident_starts_nothing(deployment: Deployment) -> None:
    deployment.apply(workflow(AGE, more="team: web"))
    deployment.open()
    deployment.at(DUE)
    assert deployment.runs() == []


# Circles -------------------------------------------------------------------------------------------

CIRCLE = """
kind: workflow
name: circle
trigger: {on: incident.escalated}
actions:
  - {id: down, type: set, severity: low}
  - {id: up, type: set, severity: critical}
"""


def test_a_workflow_that_starts_itself_is_stopped_and_told_of(deployment: Deployment) -> None:
    deployment.apply(CIRCLE)
    incident = deployment.open(severity="medium")
    raise_to(deployment, incident, Severity.HIGH)

    runs = deployment.runs()
    assert len(runs) == MOST_DEPTH + 2
    assert [run.status for run in runs].count(Status.SUCCEEDED) == MOST_DEPTH + 1
    assert [run.error for run in runs if run.status is Status.FAILED] == [TOO_DEEP]
    assert len([text for text in deployment.said() if TOO_DEEP in text]) == 1
    depths = [event.depth for event in deployment.events() if event.type == "incident.escalated"]
    assert depths == list(range(MOST_DEPTH + 2))


def test_a_condition_that_cannot_be_evaluated_is_told_of(deployment: Deployment) -> None:
    deployment.apply(workflow("{on: incident.created}", more="when: int(incident.title) > 0"))
    new_incident(deployment.unit_of_work)
    [text] = deployment.said()
    assert "Its condition could not be evaluated" in text
