"""Rules about what takes too long, or kills who runs it."""

from dataclasses import replace

import pytest

from chaos.checker.facts import Facts, Freeze, Trace, Wait
from chaos.checker.rules.deadlines import count

from .world import RUN, STEPS, at, audit, broken, kept, plus, unix, with_execution, with_step

ACT, COMMAND = f"{RUN}.act", f"{RUN}.command"


def with_deadline(seconds: float) -> Facts:
    """The first step may take 3 s twice, and took so many."""
    steps = [{**STEPS[0], "timeout": "3s", "retry": {"attempts": 2}}, *STEPS[1:]]
    facts = with_execution(kept(), RUN, frozen={"steps": steps}, published={"steps": steps})
    return with_step(facts, ACT, started_at=at(9 - seconds))


def test_a_step_that_takes_longer_than_all_its_attempts_may_is_a_violation() -> None:
    assert broken(with_deadline(12)) == {"steps_keep_their_deadline"}
    assert broken(with_deadline(10)) == set()


@pytest.mark.parametrize("harm", [(1, 1), (-60, 1)], ids=["then", "begun long before"])
def test_a_step_may_take_longer_when_something_befell_a_worker(harm: tuple[float, float]) -> None:
    since, until = harm
    assert broken(replace(with_deadline(12), harms=[(unix(since), unix(until))])) == set()


def test_what_befell_a_worker_before_and_after_excuses_nothing() -> None:
    over, to_come = (unix(-60), unix(-50)), (unix(60), unix(70))
    assert broken(replace(with_deadline(12), harms=[over, to_come])) == {"steps_keep_their_deadline"}


def test_a_step_may_take_longer_by_the_time_of_a_freeze() -> None:
    long = Freeze("frz_1", at(0), at(3))
    assert broken(replace(with_deadline(12), freezes=[long])) == set()
    assert broken(replace(with_deadline(12), freezes=[replace(long, lifted_at=at(0.5))])) != set()


def test_a_step_may_take_longer_by_the_time_for_which_its_run_was_due_and_no_worker_free() -> None:
    assert broken(replace(with_deadline(12), waits=[Wait(RUN, 3)])) == set()
    assert broken(replace(with_deadline(12), waits=[Wait(RUN, 0.5), Wait("rbx_another", 30)])) == {
        "steps_keep_their_deadline"
    }


def test_what_has_a_deadline_is_counted() -> None:
    assert (count(kept()), count(with_deadline(1))) == (0, 1)


def poisoned(times: int) -> Facts:
    facts = with_execution(kept(), RUN, runbook="long-poison")
    steps = [{**step, "retry": {"safe": True}} for step in STEPS]
    facts = with_execution(facts, RUN, frozen={"steps": steps}, published={"steps": steps})
    again = [Trace(COMMAND, 7 - number, "begin", unix(20 - number)) for number in range(1, times)]
    return plus(facts, "traces", *again)


def test_a_poison_that_kills_its_worker_a_fourth_time_is_a_violation() -> None:
    assert broken(poisoned(4)) == {"poison_is_stopped"}


def test_while_workers_die_elsewhere_ten_deaths_are_what_it_takes() -> None:
    facts = replace(poisoned(10), other_deaths=[unix(-1)])
    assert broken(facts) == set()
    assert broken(replace(poisoned(11), other_deaths=[unix(-1)])) == {"poison_is_stopped"}


def test_three_deaths_are_what_it_takes() -> None:
    assert broken(poisoned(3)) == set()


def test_a_person_may_have_it_run_once_more() -> None:
    said = audit(9, "verdict.run_again", RUN, step=2)
    assert "poison_is_stopped" not in broken(plus(poisoned(4), "audit", said))
