"""What starts workflows: changes of status and severity, age, people; and what stops a circle."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from core.decisions.initiators import MOST_DEPTH
from core.errors import Conflict
from core.services.access.people import load_person
from core.services.incidents import ages
from core.services.incidents.alert_news import escalate
from core.services.starts.workflow_starts import TOO_DEEP
from core.statuses import IncidentStatus, Severity, Status
from core.tables import Incident
from core.unit_of_work import UnitOfWork
from tests.integration.core.workflows.house import START, House
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


def raise_to(house: House, incident: Incident, severity: Severity) -> None:
    with house.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        escalate(work, person, work.session.get_one(Incident, incident.id), severity)
    house.work()


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
    house: House, trigger: str, said: list[str]
) -> None:
    house.apply(workflow(trigger, text="{{ event.from }}>{{ event.to }}"))
    incident = house.open()
    house.change(incident, IncidentStatus.ACKNOWLEDGED)
    house.change(incident, IncidentStatus.RESOLVED)

    assert house.said() == said


def test_conditions_and_actions_see_what_the_event_tells(house: House) -> None:
    text = "{{ event.by }} {{ event.from }}>{{ event.severity }}"
    condition = "when: event.severity == 'critical' && event.from != 'critical'"
    house.apply(workflow("{on: incident.escalated}", text=text, more=condition))
    incident = house.open(severity="low")
    raise_to(house, incident, Severity.HIGH)
    raise_to(house, incident, Severity.CRITICAL)

    assert house.said() == ["U0DBOPS high>critical"]


@pytest.mark.parametrize("severity", [Severity.LOW, Severity.MEDIUM])
def test_to_escalate_is_to_raise(house: House, severity: Severity) -> None:
    house.apply(workflow("{on: incident.escalated}"))
    incident = house.open(severity="medium")
    with pytest.raises(Conflict, match="already medium"):
        raise_to(house, incident, severity)

    assert house.runs() == []


def test_all_workflows_that_match_an_event_run_independently(house: House) -> None:
    failing = workflow("{on: incident.created}", name="a-failing", text="{{ int(incident.title) }}")
    house.apply(failing + "---" + workflow("{on: incident.created}", name="b-told"))
    house.open()

    assert (house.run("a-failing").status, house.run("b-told").status) == (Status.FAILED, Status.SUCCEEDED)


# Age -----------------------------------------------------------------------------------------------

AGE = "{on: incident.age, minutes: 15}"
DUE = timedelta(minutes=15)


def test_an_incident_comes_of_age_at_the_second(house: House) -> None:
    house.apply(workflow(AGE, text="{{ event.minutes }}"))
    house.open()
    house.at(DUE - SECOND)
    assert house.runs() == []
    house.at(DUE)
    assert house.said() == ["15"]


@pytest.mark.parametrize(
    "trouble", [ValueError("nobody expected this"), IntegrityError("INSERT", {}, Exception("nor this"))]
)
def test_an_incident_that_is_in_trouble_keeps_no_other_from_coming_of_age(
    house: House, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    house.apply(workflow(AGE))
    troubled, _ = house.open(title="troubled"), house.open(title="other")
    reach = ages._reach

    def reach_or_fail(work: UnitOfWork, workflow_id: str, incident_id: str) -> None:
        if incident_id == troubled.id:
            raise trouble
        reach(work, workflow_id, incident_id)

    monkeypatch.setattr(ages, "_reach", reach_or_fail)
    with pytest.raises(ExceptionGroup, match="reached an age"):
        house.at(timedelta(minutes=15))
    assert len(house.runs()) == 1
    monkeypatch.undo()
    house.at(timedelta(minutes=16))
    assert len(house.runs()) == 2, "it is looked at again"


def test_a_workflow_starts_once_for_an_incident_and_an_age_whatever_is_restarted_or_edited(
    house: House,
) -> None:
    house.apply(workflow(AGE))
    house.open()
    house.at(DUE)
    apply_documents(house.unit_of_work, workflow(AGE, text="other words"))
    house.at(DUE + SECOND)
    assert house.said() == ["told"]

    house.apply(workflow("{on: incident.age, minutes: 20}"))
    house.at(timedelta(minutes=20))
    assert len(house.runs()) == 2, "another age is another one"


def test_a_clock_that_was_away_starts_late_what_it_missed(house: House) -> None:
    house.apply(workflow(AGE))
    house.open()
    house.at(timedelta(hours=7))
    assert len(house.runs()) == 1


def test_an_edit_of_anything_but_the_trigger_loses_no_age(house: House) -> None:
    house.apply(workflow(AGE))
    house.open()
    house.frozen.move_to(START + timedelta(minutes=16))
    apply_documents(house.unit_of_work, workflow(AGE, text="other words"))
    house.at(timedelta(minutes=16))
    assert house.said() == ["other words"]


@pytest.mark.parametrize("before", ["{on: incident.created}", "{on: incident.age, minutes: 30}"])
def test_an_age_that_an_incident_had_before_the_workflow_had_the_trigger_does_not_count(
    house: House, before: str
) -> None:
    house.apply(workflow(before, more="when: incident.severity == 'critical'"))
    house.open()
    house.frozen.move_to(START + DUE + SECOND)
    apply_documents(house.unit_of_work, workflow(AGE))
    house.at(DUE + SECOND)
    assert house.runs() == []


def test_an_incident_that_comes_of_age_after_the_workflow_was_written_counts_though_it_is_older(
    house: House,
) -> None:
    house.apply(workflow("{on: manual}"))
    house.open()
    house.frozen.move_to(START + DUE - SECOND)
    house.apply(workflow(AGE))
    house.at(DUE)
    assert len(house.runs()) == 1


def test_an_age_while_the_workflow_was_disabled_does_not_count(house: House) -> None:
    house.apply(workflow(AGE, more="enabled: false"))
    house.open()
    house.at(DUE)
    assert house.runs() == []
    house.frozen.move_to(START + DUE + SECOND)
    apply_documents(house.unit_of_work, workflow(AGE))
    house.at(DUE + SECOND)
    assert house.runs() == []


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
    house: House, unless: str | None, status: IncidentStatus | None, starts: bool
) -> None:
    trigger = f"{{on: incident.age, minutes: 15, unless: {unless}}}" if unless else AGE
    house.apply(workflow(trigger))
    incident = house.open()
    if status is not None:
        house.change(incident, status)
    house.at(DUE)
    assert len(house.runs()) == (1 if starts else 0)


def test_a_condition_that_does_not_hold_at_the_age_is_not_asked_again(house: House) -> None:
    house.apply(workflow(AGE, more="when: incident.severity == 'critical'"))
    incident = house.open(severity="low")
    house.at(DUE)
    raise_to(house, incident, Severity.CRITICAL)
    house.at(DUE + SECOND)
    assert house.runs() == []


def test_an_age_of_another_teams_incident_starts_nothing(house: House) -> None:
    house.apply(workflow(AGE, more="team: web"))
    house.open()
    house.at(DUE)
    assert house.runs() == []


# Circles -------------------------------------------------------------------------------------------

CIRCLE = """
kind: workflow
name: circle
trigger: {on: incident.escalated}
actions:
  - {id: down, type: set, severity: low}
  - {id: up, type: set, severity: critical}
"""


def test_a_workflow_that_starts_itself_is_stopped_and_told_of(house: House) -> None:
    house.apply(CIRCLE)
    incident = house.open(severity="medium")
    raise_to(house, incident, Severity.HIGH)

    runs = house.runs()
    assert len(runs) == MOST_DEPTH + 2
    assert [run.status for run in runs].count(Status.SUCCEEDED) == MOST_DEPTH + 1
    assert [run.error for run in runs if run.status is Status.FAILED] == [TOO_DEEP]
    assert len([text for text in house.said() if TOO_DEEP in text]) == 1
    depths = [event.depth for event in house.events() if event.type == "incident.escalated"]
    assert depths == list(range(MOST_DEPTH + 2))


def test_a_condition_that_cannot_be_evaluated_is_told_of(house: House) -> None:
    house.apply(workflow("{on: incident.created}", more="when: int(incident.title) > 0"))
    new_incident(house.unit_of_work)
    [text] = house.said()
    assert "Its condition could not be evaluated" in text
