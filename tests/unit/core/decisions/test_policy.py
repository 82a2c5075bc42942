"""The policy: anything not in its table is denied, and role and token are checked independently."""

import pytest

from core.decisions.people import Person, agent_principal, service_principal
from core.decisions.policy import (
    allows,
    effective,
    has_scope,
    reaches,
    require,
    require_scope,
    sees,
    visible_teams,
)
from core.decisions.policy_table import EVERYWHERE, NOWHERE, OWN, POLICY, Action, PolicyRole
from core.errors import InsufficientScope, NotAllowed
from core.statuses import PrincipalKind, Role, TokenScope

RESPONDER = Person("U1", {"data": Role.RESPONDER})
ADMIN = Person("U2", {"data": Role.ADMIN})
PLATFORM = Person("U3", is_platform_admin=True)
NOBODY = Person("U4")
ROBOT = service_principal("ci", TokenScope, "data", owner="U1")
AGENT = agent_principal("triage", "data", "U1", TokenScope)
LINK = Person("link", kind=PrincipalKind.LINK)
FOR_PEOPLE = (
    Action.APPROVAL_DECIDE,
    Action.RUN_VERDICT,
    Action.DEFINITION_APPROVE,
    Action.DEFINITION_DEPRECATE,
    Action.DEFINITION_WRITE,
    Action.FREEZE,
    Action.TOKEN_CREATE,
)


def test_every_action_has_a_rule_and_every_rule_a_deed() -> None:
    assert set(POLICY) == set(Action)
    assert all(rule.deed and rule.who for rule in POLICY.values())


@pytest.mark.parametrize("action", Action)
def test_nobody_may_do_anything_to_what_is_a_teams(action: Action) -> None:
    if POLICY[action].needs:
        assert not allows(NOBODY, action, "data")


@pytest.mark.parametrize("action", Action)
def test_a_responder_may_do_to_another_team_what_anybody_may(action: Action) -> None:
    for team in ("web", None):
        assert allows(RESPONDER, action, team) is allows(NOBODY, action, team)


@pytest.mark.parametrize("action", Action)
def test_a_higher_role_may_do_what_a_lower_one_may(action: Action) -> None:
    for lower, higher in ((NOBODY, RESPONDER), (RESPONDER, ADMIN), (ADMIN, PLATFORM)):
        for team in ("data", None):
            assert allows(higher, action, team) or not allows(lower, action, team)


@pytest.mark.parametrize("action", FOR_PEOPLE)
def test_a_service_with_every_scope_does_nothing_that_is_for_people(action: Action) -> None:
    assert not allows(ROBOT, action, "data")
    with pytest.raises(NotAllowed, match="only people may"):
        require_scope(ROBOT, action)


def test_an_agent_with_every_scope_reads_notes_proposes_and_withdraws_and_nothing_else() -> None:
    own = {action for action in Action if POLICY[action].needs and allows(AGENT, action, "data")}
    assert own == {
        Action.INCIDENT_READ,
        Action.INCIDENT_NOTE,
        Action.RUNBOOK_PROPOSE,
        Action.RUN_READ,
        Action.RUN_WITHDRAW,
        Action.DEFINITION_READ,
    }
    for team in ("web", None):
        elsewhere = {action for action in Action if POLICY[action].needs and allows(AGENT, action, team)}
        assert elsewhere == ({Action.DEFINITION_READ} if team is None else set())
    with pytest.raises(NotAllowed, match="An agent may not approve or reject: only people may"):
        require_scope(AGENT, Action.APPROVAL_DECIDE)


def test_only_agents_propose() -> None:
    for person in (RESPONDER, ADMIN, PLATFORM, ROBOT):
        assert not allows(person, Action.RUNBOOK_PROPOSE, "data")


def test_what_is_not_in_the_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(POLICY, Action.SERVICE_READ)

    assert not allows(PLATFORM, Action.SERVICE_READ, None)
    assert not has_scope(PLATFORM, Action.SERVICE_READ)
    assert visible_teams(PLATFORM, Action.SERVICE_READ) == frozenset()
    with pytest.raises(NotAllowed, match="is not in the policy"):
        require_scope(PLATFORM, Action.SERVICE_READ)


def test_a_token_takes_nothing_but_what_it_has_the_scope_for() -> None:
    carrier = Person("U2", {"data": Role.ADMIN}, scopes=frozenset({TokenScope.READ, TokenScope.RUN}))

    assert allows(carrier, Action.RUNBOOK_RUN, "data")
    assert sees(carrier, Action.DEFINITION_WRITE, "data")
    assert not allows(carrier, Action.DEFINITION_WRITE, "data")
    with pytest.raises(InsufficientScope, match="does not have the scope `write`") as refused:
        require(carrier, Action.DEFINITION_WRITE, "data", "never said")
    assert refused.value.scope == "write"
    assert "--scope read,run,write" in str(refused.value)


def test_a_scope_gives_nobody_a_right() -> None:
    carrier = Person("U4", scopes=frozenset(TokenScope))
    with pytest.raises(NotAllowed, match="Only others") as refused:
        require(carrier, Action.RUNBOOK_RUN, "data", "Only others may.", hint="Ask one.")
    assert not isinstance(refused.value, InsufficientScope)


def test_an_alert_is_sent_with_its_own_scope_or_with_that_of_running() -> None:
    for scope, may in ((TokenScope.ALERTS, True), (TokenScope.RUN, True), (TokenScope.READ, False)):
        assert allows(service_principal("pd", {scope}, "data"), Action.ALERTS_SEND, "data") is may


def test_a_link_reads_runs_and_nothing_else() -> None:
    assert [action for action in Action if POLICY[action].needs and allows(LINK, action, "data")] == [
        Action.RUN_READ
    ]


def test_the_teams_of_a_lists_filter() -> None:
    assert visible_teams(PLATFORM, Action.INCIDENT_READ) is None
    assert visible_teams(RESPONDER, Action.INCIDENT_READ) == frozenset({"data"})
    assert visible_teams(RESPONDER, Action.AUDIT_READ) == frozenset()
    assert visible_teams(ADMIN, Action.AUDIT_READ) == frozenset({"data"})
    assert visible_teams(ROBOT, Action.INCIDENT_READ) == frozenset({"data"})


def test_what_a_definition_acts_on() -> None:
    assert reaches(None, "data")
    assert reaches("data", "data")
    assert not reaches("web", "data")


def test_the_printed_table_includes_what_a_role_also_is() -> None:
    assert effective(Action.INCIDENT_READ, PolicyRole.TEAM_ADMIN) == OWN
    assert effective(Action.INCIDENT_READ, PolicyRole.PLATFORM_ADMIN) == EVERYWHERE
    assert effective(Action.INCIDENT_READ, PolicyRole.ANYBODY) == NOWHERE
