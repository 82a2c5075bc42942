"""A gate in Slack until it is closed: its copies, its reminders, its escalation, and what changed since."""

from typing import Any

import pytest

from core.services.access.people import load_person
from core.services.runs import gate_prompts
from core.services.runs.approvals import decide_gate
from core.services.runs.gate_prompts import prompt_deciders
from core.tables import Approval, AuditEntry, Incident, Notice
from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.values import Json
from tests.integration.bot.world import ADMIN_OF_TEAM, CHANNEL, MANY_CHANNELS, OPS, WEB, BotWorld, texts
from tests.world import apply_documents, see

ELSEWHERE = MANY_CHANNELS[0]

GATED = """
kind: team
name: database
members:
  - {{slack: U0DBADMIN, role: admin}}
  - {{slack: U0DBOPS, role: responder}}
channels: {channels}
---
kind: runbook
name: asked
parameters: {{type: object, properties: {{cluster: {{type: string, default: orders}}}}}}
steps:
  - {{id: gate, type: approval, approvers: {{team: database, role: admin}}, expires: 60m, {more}}}
  - {{id: two, type: shell, argv: [echo, "{{{{ params.cluster }}}}"]{step}}}
"""


def asked(
    world: BotWorld,
    incident: Incident,
    more: str = "allow_requester: false",
    step: str = "",
    channels: str = "[C0INCIDENT, C0RUN0]",
    **parameters: str,
) -> str:
    """The id of a run that waits at a gate with `more`."""
    apply_documents(world.unit_of_work, GATED.format(more=more, step=step, channels=channels))
    return world.run(incident, "asked", **parameters)


def gate_of(world: BotWorld, execution_id: str) -> Any:
    found = see(world.unit_of_work, execution_id).approval
    assert found is not None
    return found


def tick(world: BotWorld, minutes: float = 0) -> None:
    """Let this time pass, let two schedulers look, and deliver what is due."""
    world.time.pass_by(minutes * 60)
    for _ in range(2):
        prompt_deciders(world.unit_of_work)
    world.settle()


def direct(world: BotWorld, person: str) -> list[Json]:
    """What the app said to this person alone, oldest first."""
    state = world.people.state(person)
    ids = [str(each["id"]) for each in state["channels"] if str(each["id"]).startswith("D")]
    return [message for id_ in ids for message in state["messages"][id_] if message.get("bot_id")]


def decide(world: BotWorld, execution_id: str, person: str, approved: bool, reason: str = "") -> None:
    gate = gate_of(world, execution_id)
    with world.unit_of_work.begin() as work:
        found = load_person(work, person, source="test")
        decide_gate(work, found, gate.id, approved=approved, reason=reason)


def buttons(message: Json) -> list[str]:
    found = [each for block in message["blocks"] for each in block.get("elements", [])]
    return [each["action_id"] for each in found if each["type"] == "button"]


def test_people_are_reminded_at_half_time_and_shortly_before_the_end_once_each(
    world: BotWorld, incident: Incident
) -> None:
    asked(world, incident)
    world.settle()
    tick(world, 29)
    assert world.of_kind("reminder") == []
    tick(world, 1)
    tick(world, 1)
    tick(world, 23)
    half, last = world.of_kind("reminder")
    for message in (half, last):
        assert f"<@{ADMIN_OF_TEAM}>: asked v1 (inc-1) still waits for approval" in message["text"]
        assert f"<@{OPS}>" in message["text"].partition("requested by")[2]
        assert message["thread_ts"] == world.the("headline")["ts"]
        assert block_problems(message["blocks"]) == []


def test_nobody_is_reminded_of_what_is_decided(world: BotWorld, incident: Incident) -> None:
    execution_id = asked(world, incident)
    world.settle()
    decide(world, execution_id, ADMIN_OF_TEAM, True)
    world.work()
    tick(world, 31)
    assert world.of_kind("reminder") == []


def test_gates_whose_prompt_fails_keep_no_others_from_theirs(
    world: BotWorld, incident: Incident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red before: those that failed were the first to be looked at again, and nobody else had a turn."""
    monkeypatch.setattr(gate_prompts, "AT_ONCE", 1)
    broken = gate_of(world, asked(world, incident))
    world.time.pass_by(1)
    whole = gate_of(world, asked(world, incident))
    with world.unit_of_work.begin() as work:
        work.session.get_one(Approval, broken.id).policy = {"people": "unreadable"}
    world.time.pass_by(31 * 60)
    with pytest.raises(ExceptionGroup):
        prompt_deciders(world.unit_of_work)
    with world.unit_of_work.begin() as work:
        reminded = work.session.query(Notice).filter_by(kind="reminder")
        assert [notice.subject_id for notice in reminded] == [whole.id]


def test_a_reminder_that_comes_too_late_is_not_posted(world: BotWorld, incident: Incident) -> None:
    execution_id = asked(world, incident)
    world.settle()
    world.time.pass_by(31 * 60)
    prompt_deciders(world.unit_of_work)
    decide(world, execution_id, ADMIN_OF_TEAM, True)
    world.settle()
    assert world.of_kind("reminder") == []


def test_the_gate_is_shown_elsewhere_too_and_all_its_messages_close_together(
    world: BotWorld, incident: Incident
) -> None:
    execution_id = asked(world, incident, f"notify: {{channel: {ELSEWHERE}, dm: true}}")
    world.settle()
    copies = [world.the("gate", ELSEWHERE), direct(world, ADMIN_OF_TEAM)[0]]
    for copy in copies:
        assert buttons(copy) == ["approval.approve", "approval.reject", "approval.comment"]
        assert f"(inc-1 in <#{CHANNEL}>)" in texts(copy)
        assert block_problems(copy["blocks"]) == []
    assert f"<@{ADMIN_OF_TEAM}>" not in texts(copies[1]).splitlines()[1]
    decide(world, execution_id, ADMIN_OF_TEAM, False, "Not <!channel> now")
    world.work()
    world.settle()
    for closed in (world.the("gate"), world.the("gate", ELSEWHERE), direct(world, ADMIN_OF_TEAM)[0]):
        assert buttons(closed) == []
        assert f"<@{ADMIN_OF_TEAM}> rejected at" in texts(closed)
        assert "Not &lt;!channel&gt; now" in texts(closed)
    assert direct(world, OPS) == [], "who asked for the run is not asked to decide"


def test_reminders_go_wherever_the_gate_was_shown(world: BotWorld, incident: Incident) -> None:
    asked(world, incident, f"notify: {{channel: {ELSEWHERE}, dm: true}}")
    world.settle()
    tick(world, 30)
    assert len(world.of_kind("reminder", ELSEWHERE)) == 1
    assert len(direct(world, ADMIN_OF_TEAM)) == 2


def test_a_channel_that_the_team_does_not_declare_gets_no_gate_and_the_gate_opens_all_the_same(
    world: BotWorld, incident: Incident
) -> None:
    execution_id = asked(world, incident, f"notify: {{channel: {ELSEWHERE}}}", channels="[C0INCIDENT]")
    world.settle()
    assert gate_of(world, execution_id).status == "open"
    assert world.messages(ELSEWHERE) == []
    [told] = world.of_kind("message")
    assert f"The approval request of asked is not shown in <#{ELSEWHERE}>." in told["text"]
    assert "`channels` of team database" in told["text"]


def test_it_escalates_to_others_who_are_told_and_may_decide_then(world: BotWorld, incident: Incident) -> None:
    execution_id = asked(
        world, incident, f"escalate_after: 15m, escalate_to: {{people: [{WEB}], channel: {ELSEWHERE}}}"
    )
    world.settle()
    assert f"Escalates to others and <#{ELSEWHERE}> at <!date^" in texts(world.the("gate")), (
        "nobody is pinged yet"
    )
    with pytest.raises(Exception, match="There is no approval"):
        decide(world, execution_id, WEB, True)
    tick(world, 15)
    [told] = world.of_kind("reminder")
    assert "asked v1 (inc-1) has waited 15 min for approval." in told["text"]
    assert "may decide, too. " in told["text"]
    assert f"<@{WEB}>" in told["text"]
    assert f"May decide: an admin of team database, or <@{WEB}>." in texts(world.the("gate"))
    assert buttons(direct(world, WEB)[0])
    assert buttons(world.the("gate", ELSEWHERE))
    decide(world, execution_id, WEB, True)
    with world.unit_of_work.begin() as work:
        entry = work.session.query(AuditEntry).filter_by(action="approval.escalated").one()
        assert entry.details["to"] == f"<@{WEB}>"
        assert work.session.query(Approval).one().status == "approved"


def test_an_initiator_to_whom_it_escalates_is_neither_told_nor_let_in(
    world: BotWorld, incident: Incident
) -> None:
    execution_id = asked(world, incident, f"escalate_after: 15m, escalate_to: {{people: [{OPS}]}}")
    world.settle()
    tick(world, 15)
    assert direct(world, OPS) == []
    with pytest.raises(Exception, match="You requested this run"):
        decide(world, execution_id, OPS, True)


def test_what_changed_since_the_last_approval_is_shown_and_stays(world: BotWorld, incident: Incident) -> None:
    first = asked(world, incident, cluster="orders")
    decide(world, first, ADMIN_OF_TEAM, True)
    world.work()
    world.settle()
    assert "Changed since" not in texts(world.the("gate"))
    second = asked(world, incident, step=", timeout: 60s", cluster="users")
    world.settle()
    words = texts(world.of_kind("gate")[-1])
    assert f"Changed since v1, approved by <@{ADMIN_OF_TEAM}>" in words
    assert "step *two*: *timeout* is `1m`, was not given" in words
    assert "parameter *cluster* is `users`, was `orders`" in words
    decide(world, second, ADMIN_OF_TEAM, True)
    world.work()
    third = world.run(incident, "asked", cluster="users")
    world.settle()
    since = gate_of(world, third).since
    assert (since.version, since.differences) == (2, [])


def test_a_direct_message_to_somebody_who_may_not_decide_any_more_shows_nothing(
    world: BotWorld, incident: Incident
) -> None:
    asked(world, incident, "notify: {dm: true}", step=", timeout: 5s")
    world.settle()
    left = GATED.replace("U0DBADMIN, role: admin", "U0DBADMIN, role: responder").partition("\n---")[0]
    apply_documents(world.unit_of_work, left.format(channels="[C0INCIDENT]"))
    world.settle()
    [message] = direct(world, ADMIN_OF_TEAM)
    assert "You are no longer asked to decide here" in message["text"]
    assert "echo" not in texts(message)
    assert buttons(message) == []
