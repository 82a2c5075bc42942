"""What the options ask for."""

from dataclasses import replace

import pytest
import typer

from chaos.guards import TRIALS
from chaos.orders import RACES_A_STRIKE, SHORT_KILLS, control_order, order_for, trial_order
from chaos.strikes import clock_jump
from chaos.strikes.registry import STRIKES


def test_the_short_form_plays_every_strike_that_is_not_long() -> None:
    order = order_for(1, 100, 2, "", "", short=True)
    playable = {name for name, strike in STRIKES.items() if strike.missing() is None}
    assert set(order.strikes) == {name for name in playable if not STRIKES[name].is_long}
    assert order.kills == SHORT_KILLS


def test_the_short_form_is_played_without_a_guard_too_to_see_it_fail() -> None:
    plain = order_for(1, 100, 2, "", "", short=True)
    assert order_for(1, 100, 2, "", "sweep", short=True) == replace(plain, without="sweep")
    with pytest.raises(typer.BadParameter, match="There is no guard"):
        order_for(1, 100, 2, "", "sweeep", short=True)


def test_the_long_form_plays_every_strike_as_often_as_was_said() -> None:
    order = order_for(1, 100, 3, "", "", short=False)
    assert {order.strikes.count(name) for name in order.strikes} == {3}
    assert (order.kills, order.hurry) == (100, 1)


def test_one_strike_alone_is_played_as_often_as_was_said() -> None:
    order = order_for(1, 100, 3, "flushall", "", short=False)
    assert (list(order.strikes), order.kills) == (["flushall"] * 3, 0)


def test_kills_alone_are_as_many_as_were_said() -> None:
    order = order_for(1, 1000, 3, "kill-at-point", "", short=False)
    assert (list(order.strikes), order.kills) == ([], 1000)


@pytest.mark.parametrize(("times", "strikes"), [(5, 1), (1000, 1), (1500, 2), (10_000, 10)])
def test_races_are_counted_one_by_one(times: int, strikes: int) -> None:
    order = order_for(1, 0, times, "decision-race", "", short=False)
    assert (len(order.strikes), order.races) == (strikes, min(times, RACES_A_STRIKE))


def test_what_this_machine_cannot_play_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_jump, "LIBRARIES", ())
    assert clock_jump.NAME not in order_for(1, 0, 1, "", "", short=True).strikes
    with pytest.raises(typer.BadParameter, match="apt-get install faketime"):
        order_for(1, 0, 1, clock_jump.NAME, "", short=False)


@pytest.mark.parametrize(("only", "without"), [("no-such-strike", ""), ("", "no-such-guard")])
def test_a_name_that_is_none_is_refused(only: str, without: str) -> None:
    with pytest.raises(typer.BadParameter, match="There is no"):
        order_for(1, 100, 3, only, without, short=False)


@pytest.mark.parametrize("guard", TRIALS)
def test_a_control_differs_from_its_trial_in_the_guard_alone(guard: str) -> None:
    trial, control = trial_order(7, guard), control_order(7, guard)
    assert (trial.without, control.without) == (guard, "")
    assert trial.most == control.most == trial.requests
    assert (trial.seed, trial.strikes, trial.points) == (control.seed, control.strikes, control.points)
