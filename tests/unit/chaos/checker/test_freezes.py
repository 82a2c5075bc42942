"""Rules about freezes."""

from dataclasses import replace

import pytest

from chaos.checker.facts import Asked, Call, Facts, Freeze
from chaos.checker.promises import verdicts

from .world import RUN, WAITING, at, broken, kept, plus, unix, with_execution, with_step


def frozen(begun: float, ended: float) -> Facts:
    """Nothing of the world starts from its 40th second on; at its 5th everything is there."""
    freeze = Freeze("frz_1", at(begun - 1), at(ended))
    return replace(kept(), freezes=[freeze], froze={"frz_1": unix(begun)})


@pytest.mark.parametrize(("begun", "ended"), [(2, 9), (40.5, 60), (9.9, 10.9)])
def test_between_two_steps_nothing_need_start(begun: float, ended: float) -> None:
    assert broken(frozen(begun, ended)) == set()


def test_freezes_and_who_lived_through_them_are_counted() -> None:
    counts = {verdict.sentence: verdict.checked for verdict in verdicts(frozen(2, 9), [])}
    assert counts["started or called in a freeze, or held forever"] == 2


def test_a_step_that_started_in_a_freeze_is_a_violation() -> None:
    assert broken(frozen(15, 22)) == {"no_step_starts_while_frozen"}


def test_an_action_that_started_in_a_freeze_is_a_violation() -> None:
    action = replace(kept().steps[0], execution_id="wfx_1", started_at=at(43))
    assert broken(plus(frozen(41, 45), "actions", action)) == {"no_step_starts_while_frozen"}


def test_a_step_that_never_ran_did_not_start() -> None:
    step = with_step(frozen(15, 22), f"{RUN}.command", attempt=0)
    assert "no_step_starts_while_frozen" not in broken(with_step(step, f"{WAITING}.command", attempt=0))


def test_a_call_in_a_freeze_is_a_violation_unless_its_worker_slept() -> None:
    again = Call(unix(45), f"{RUN}.safe", "ok", "1", effect=True)
    refused = replace(kept().calls[1], effect=False)
    facts = plus(replace(frozen(41, 49), calls=[kept().calls[0], refused, *kept().calls[2:]]), "calls", again)
    assert broken(facts) == {"nothing_is_called_while_frozen"}
    assert broken(replace(facts, harms=[(unix(20), unix(20))])) == set()
    assert broken(replace(facts, froze={"frz_1": unix(43.5)})) == set()


def test_a_run_that_began_in_a_freeze_is_a_violation() -> None:
    assert broken(with_execution(frozen(2, 9), RUN, created_at=at(5))) == {"nothing_begins_while_frozen"}


def test_a_freeze_that_was_never_lifted_is_a_violation() -> None:
    lasting = Freeze("frz_1", at(1), None)
    assert broken(replace(kept(), freezes=[lasting])) == {"held_executions_continue"}


def test_a_run_that_is_held_without_a_freeze_is_a_violation() -> None:
    assert broken(with_execution(kept(), WAITING, is_frozen=True)) == {"held_executions_continue"}
    held = with_execution(kept(), WAITING, waiting_for="freeze")
    assert "executions_end" in broken(held)


def test_a_start_that_was_refused_and_is_there_is_a_violation() -> None:
    facts = replace(kept(), asked=[Asked(f"tag-{RUN}", None, refused=True)])
    assert broken(facts) == {"one_execution_a_request"}
    assert broken(plus(kept(), "asked", Asked("tag-refused", None, refused=True))) == set()
