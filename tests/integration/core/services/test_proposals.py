"""What agents propose: nothing is done before a person has approved, and none of those behind the agent may."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.decisions.people import Person, agent_principal
from core.errors import IdempotencyKeyReused, InvalidInput, NotAllowed, NotFound, TooMany
from core.services.access.people import load_person
from core.services.access.tokens import Grant, authenticate, create_agent_token
from core.services.library.runbooks import find_runbook, runbook_named
from core.services.runs.retries import retry
from core.services.starts.proposals import propose_run, withdraw_run
from core.services.starts.runbook_starts import Start, start_by_person
from core.simulation.dry_runs import plan_by_person
from core.statuses import PrincipalKind, TokenScope
from core.tables import Incident, Notice, RunbookExecution
from tests.integration.core.world import CoreWorld
from tests.world import Target, apply_documents

OWNER, OTHER, MANAGER = "U0DBOPS", "U0DBADMIN", "U0MANAGER"
OPERATOR = Person("operator", is_platform_admin=True, kind=PrincipalKind.OPERATOR)
AGENT = agent_principal("triage", "database", OWNER, [TokenScope.PROPOSE])


def runbook(target: Target, name: str = "failover", head: str = "", more: str = "") -> str:
    return f"""
kind: runbook
name: {name}
team: database
{head}
parameters: {{type: object, properties: {{cluster: {{type: string, default: orders}}}}}}
steps:
  - {{id: lag, type: http, url: "{target.url}/lag"}}
  - {{id: promote, type: http, method: POST, url: "{target.url}/promote?of={{{{ params.cluster }}}}"}}
{more}
"""


@pytest.fixture
def world(world: CoreWorld, target: Target) -> CoreWorld:
    apply_documents(world.unit_of_work, runbook(target))
    return world


def propose(
    world: CoreWorld,
    name: str = "failover",
    key: str | None = None,
    agent: Person = AGENT,
    parameters: Mapping[str, str] | None = None,
) -> str:
    """The id of the run. Raises what limits the agent."""
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, world.incident.id)
        start = Start(
            find_runbook(work, agent, name), incident, parameters or {}, key, said="The replica is well."
        )
        proposed = propose_run(work, agent, start)
    if proposed.refused is not None:
        raise proposed.refused
    assert proposed.run is not None
    return proposed.run.id


def waiting(world: CoreWorld, run: str) -> str | None:
    """The step at which the run waits for an approval."""
    world.work()
    gate = world.see(run).approval
    return gate.step if gate is not None else None


def test_nothing_is_done_before_a_responder_has_approved(world: CoreWorld, target: Target) -> None:
    run = propose(world)
    assert waiting(world, run) == "agents_gate"
    assert target.calls == []

    world.decide(run, approved=True, person=OTHER)
    world.work()

    assert target.paths() == ["/lag", "/promote?of=orders"]
    assert world.see(run).status == "succeeded"


def test_the_gate_shows_and_binds_what_will_be_sent(world: CoreWorld) -> None:
    run = propose(world)
    waiting(world, run)
    gate = world.see(run).approval
    assert gate is not None
    assert gate.shown is not None
    assert [step.step for step in gate.shown] == ["lag", "promote"]
    assert gate.shown[1].request["url"].endswith("/promote?of=orders")
    assert gate.digest


@pytest.mark.parametrize("name", ["failover", "lax"])
def test_nobody_behind_the_agent_decides(world: CoreWorld, target: Target, name: str) -> None:
    """Whatever the runbook says: its own gate lets the requester decide."""
    own = f"""
kind: runbook
name: lax
team: database
steps:
  - {{id: own, type: approval, allow_requester: true}}
  - {{id: promote, type: http, method: POST, url: "{target.url}/promote"}}
"""
    apply_documents(world.unit_of_work, own)
    run = propose(world, name, agent=replace(AGENT, behind=(OTHER,)))
    waiting(world, run)
    for person in (OWNER, OTHER):
        with pytest.raises(NotAllowed, match="had an agent request this run, so somebody else must"):
            world.decide(run, approved=True, person=person)
    gate = world.see(run).approval
    assert gate is not None
    assert gate.people == []
    assert "except the initiators of this run" in (gate.nobody_left or "")
    assert target.calls == []


def test_the_agent_itself_decides_nothing(world: CoreWorld) -> None:
    run = propose(world)
    waiting(world, run)
    with world.unit_of_work.begin() as work, pytest.raises(NotAllowed, match="An agent may not retry"):
        retry(work, AGENT, run)


def test_a_rejected_proposal_has_done_nothing_at_all(world: CoreWorld, target: Target) -> None:
    """Not even its finally steps, which run after every other rejection."""
    cleaning = f'finally: [{{id: clean, type: http, method: POST, url: "{target.url}/clean"}}]'
    apply_documents(world.unit_of_work, runbook(target, more=cleaning))
    run = propose(world)
    waiting(world, run)
    world.decide(run, approved=False, person=OTHER)
    world.work()
    assert world.see(run).status == "failed"
    assert target.calls == []


def test_steps_that_read_come_first_if_the_runbook_says_so(world: CoreWorld, target: Target) -> None:
    apply_documents(world.unit_of_work, runbook(target, head="agents: read"))
    run = propose(world)
    assert waiting(world, run) == "agents_gate"
    assert target.paths() == ["/lag"]


def test_a_runbook_that_refuses_agents_is_not_proposed_directly_nor_by_another(
    world: CoreWorld, target: Target
) -> None:
    apply_documents(world.unit_of_work, runbook(target, "secret", head="agents: refuse"))
    around = "kind: runbook\nname: around\nteam: database\nsteps: [{id: it, type: runbook, runbook: secret}]"
    apply_documents(world.unit_of_work, around)
    for name in ("secret", "around"):
        with pytest.raises(NotAllowed, match="secret is not for agents"):
            propose(world, name)
    with world.unit_of_work.begin() as work:
        assert work.session.scalar(select(func.count()).select_from(RunbookExecution)) == 0


def test_no_way_to_start_a_run_leaves_the_gate_out(world: CoreWorld, target: Target) -> None:
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, world.incident.id)
        run = start_by_person(work, AGENT, Start(runbook_named(work, "failover"), incident, {})).id
    assert waiting(world, run) == "agents_gate"
    assert target.calls == []


def test_a_retry_by_a_person_is_asked_anew(world: CoreWorld, target: Target) -> None:
    target.answers["/promote?of=orders"] = 404
    run = propose(world)
    waiting(world, run)
    world.decide(run, approved=True, person=OTHER)
    world.work()
    assert world.see(run).status == "failed"
    with world.unit_of_work.begin() as work:
        again = retry(work, load_person(work, OWNER, source="test"), run).id
    assert waiting(world, again) == "agents_gate"
    with pytest.raises(NotAllowed):
        world.decide(again, approved=True, person=OWNER)


def test_the_same_key_finds_its_run_and_another_proposal_with_it_is_refused(world: CoreWorld) -> None:
    run = propose(world, key="k1")
    assert propose(world, key="k1") == run
    with pytest.raises(IdempotencyKeyReused, match=run):
        propose(world, key="k1", parameters={"cluster": "users"})


def test_the_same_proposal_is_not_made_twice_while_it_is_open(world: CoreWorld) -> None:
    run = propose(world, key="k1")
    assert propose(world, key="k2") == run
    assert propose(world) == run
    other = propose(world, parameters={"cluster": "users"})
    assert other != run
    waiting(world, other)
    assert propose(world) == run


def test_of_a_thousand_proposals_a_few_are_runs_and_the_channel_is_told_once(world: CoreWorld) -> None:
    limits, refused = world.unit_of_work.limits, list[str]()
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, world.incident.id)
        for number in range(1_000):
            start = Start(runbook_named(work, "failover"), incident, {"cluster": f"c{number}"}, f"k{number}")
            proposed = propose_run(work, AGENT, start)
            refused += [str(proposed.refused)] if proposed.refused is not None else []
    assert len(refused) == 1_000 - limits.proposals_of_agent
    assert "in the last minute. Try again in" in refused[0]
    with world.unit_of_work.begin() as work:
        assert (
            work.session.scalar(select(func.count()).select_from(RunbookExecution))
            == limits.proposals_of_agent
        )
        [told] = [each for each in work.session.scalars(select(Notice)) if each.key.startswith("proposals.")]
    assert f"<@{OWNER}> is responsible" in str(told.content)


def test_an_agent_has_so_many_runs_that_are_not_over_and_no_more(world: CoreWorld) -> None:
    for number in range(world.unit_of_work.limits.active_proposals_of_agent):
        propose(world, parameters={"cluster": f"c{number}"})
        world.clock.pass_by(minutes=1)
    with pytest.raises(TooMany, match="are not over"):
        propose(world, parameters={"cluster": "d"})


def test_it_withdraws_what_it_proposed_and_nothing_else(world: CoreWorld) -> None:
    mine, other = propose(world), replace(AGENT, slack_user_id="agent:other")
    with world.unit_of_work.begin() as work, pytest.raises(NotAllowed, match="not proposed by you"):
        withdraw_run(work, other, mine)
    with world.unit_of_work.begin() as work, pytest.raises(NotFound):
        withdraw_run(work, agent_principal("x", "web", "U0WEB", [TokenScope.PROPOSE]), mine)
    with world.unit_of_work.begin() as work:
        withdraw_run(work, AGENT, mine)
    assert world.see(mine).status == "cancelled"


def test_the_plan_has_the_gate_and_who_may_decide_there(world: CoreWorld, target: Target) -> None:
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, world.incident.id)
        plan = plan_by_person(work, AGENT, Start(runbook_named(work, "failover"), incident, {}))
    assert [step.id for step in plan.steps] == ["agents_gate", "lag", "promote"]
    assert plan.steps[0].gate is not None
    assert plan.steps[0].gate.people == [OTHER]
    assert target.calls == []


def test_its_token_has_one_scope_one_team_and_an_end(world: CoreWorld) -> None:
    grant = Grant(frozenset(TokenScope), "database", timedelta(days=1))
    with world.unit_of_work.begin() as work:
        token = create_agent_token(work, OPERATOR, "triage", grant, owner=OWNER)
        found = authenticate(work, token, source="mcp")
    assert found is not None
    assert found[0] == replace(AGENT, token_id=found[1].id)
    world.clock.pass_by(days=2)
    with world.unit_of_work.begin() as work:
        assert authenticate(work, token, source="mcp") is None


@pytest.mark.parametrize(
    ("agent", "grant", "owner", "field"),
    [
        ("Alice <@U0DBADMIN>", Grant(team="database"), OWNER, "agent"),
        ("triage", Grant(), OWNER, "team"),
        ("triage", Grant(team="database", lifetime=None), OWNER, "expires"),
        ("triage", Grant(team="database", lifetime=timedelta(days=400)), OWNER, "expires"),
        ("triage", Grant(team="database"), "U0WEB", "owner"),
    ],
)
def test_a_token_that_an_agent_must_not_have(
    world: CoreWorld, agent: str, grant: Grant, owner: str, field: str
) -> None:
    with world.unit_of_work.begin() as work, pytest.raises(InvalidInput) as refused:
        create_agent_token(work, OPERATOR, agent, grant, owner=owner)
    assert refused.value.field == field


def test_an_agent_whose_responsible_person_left_the_team_may_nothing(world: CoreWorld) -> None:
    with world.unit_of_work.begin() as work:
        token = create_agent_token(work, OPERATOR, "triage", Grant(team="database"), owner=OWNER)
    without = "kind: team\nname: database\nmembers: [{slack: U0DBADMIN, role: admin}]"
    also = (
        "kind: team\nname: web\nmembers: [{slack: U0WEB, role: responder}, {slack: U0DBOPS, role: responder}]"
    )
    apply_documents(world.unit_of_work, f"{also}\n---\n{without}")
    with world.unit_of_work.begin() as work:
        found = authenticate(work, token, source="mcp")
    assert found is not None
    assert found[0].scopes == frozenset()
    with pytest.raises(NotAllowed):
        propose(world, agent=found[0])
