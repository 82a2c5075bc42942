"""Rules about decisions."""

from dataclasses import replace

from chaos.checker.facts import Decision

from .world import RUN, WAITING, at, audit, broken, kept, plus, with_execution, with_gate


def test_a_person_who_decided_twice_is_a_violation() -> None:
    facts = plus(kept(), "decisions", Decision("apr_1", "U0ANNA", False, at(39)))
    assert "one_decision_a_person" in broken(facts)


def test_an_approval_by_who_asked_is_a_violation() -> None:
    assert "one_decision_a_person" in broken(with_gate(kept(), "apr_1", requester="U0ANNA"))


def test_a_gate_that_was_approved_by_too_few_is_a_violation() -> None:
    assert broken(with_gate(kept(), "apr_1", count=2)) == {"decisions_make_the_status"}


def test_a_gate_that_was_approved_by_too_many_is_a_violation() -> None:
    facts = plus(kept(), "decisions", Decision("apr_1", "U0ABEL", True, at(39)))
    facts = plus(facts, "audit", audit(9, "approval.approved", "apr_1", "U0ABEL"))
    assert broken(facts) == {"decisions_make_the_status"}


def test_a_decision_after_the_gate_was_closed_is_a_violation() -> None:
    assert broken(with_gate(kept(), "apr_1", closed_at=at(36))) == {"nothing_is_decided_afterwards"}


def test_an_approval_after_a_rejection_is_a_violation() -> None:
    rejected = audit(9, "approval.rejected", "apr_2", "U0ANNA")
    approved = audit(10, "approval.approved", "apr_2", "U0ABEL")
    assert "a_rejection_is_the_last_word" in broken(plus(kept(), "audit", rejected, approved))
    assert "a_rejection_is_the_last_word" not in broken(plus(kept(), "audit", rejected))


def test_a_gate_that_nobody_waits_at_is_a_violation() -> None:
    facts = with_execution(kept(), WAITING, status="failed", waiting_for=None, wake_at=None)
    assert "open_gates_are_waited_for" in broken(facts)


def test_a_decision_of_who_brought_the_run_about_is_a_violation() -> None:
    told = with_gate(kept(), "apr_1", initiators=["U0ANNA"])
    assert "no_initiator_decides" in broken(told)
    again = audit(2, "verdict.run_again", RUN, "U0ANNA", step=1)
    facts = kept()
    facts = replace(facts, audit=[each for each in facts.audit if each.number != 2])
    assert "no_initiator_decides" in broken(plus(facts, "audit", again))


def test_an_approval_that_was_taken_back_was_one() -> None:
    assert "decisions_make_the_status" not in broken(with_gate(kept(), "apr_1", status="void"))
    assert "decisions_make_the_status" in broken(with_gate(kept(), "apr_1", status="void", count=2))


def test_what_an_agent_proposed_has_a_gate_that_somebody_approved_first() -> None:
    rule = "nothing_of_a_proposal_is_done_before_its_gate"
    proposed = with_execution(kept(), RUN, requested_by="agent:x", gate="gate")
    assert rule not in broken(proposed)
    assert rule in broken(with_execution(kept(), RUN, requested_by="agent:x"))
    assert rule in broken(with_gate(proposed, "apr_1", closed_at=at(41)))
    assert rule in broken(with_gate(proposed, "apr_1", status="rejected"))
