"""Turn command line options into the order for a campaign."""

from dataclasses import replace

import typer

from chaos.campaign import Order
from chaos.environment import OF_EACH
from chaos.guards import TRIALS, Trial
from chaos.points import AT_POINT
from chaos.strikes import decision_race
from chaos.strikes.registry import STRIKES

RATE = 0.6  # requests per second
SHORT_KILLS, SHORT_RATE, SHORT_HURRY, SHORT_RACES = 10, 0.25, 4.0, 6
SHORT_CONCURRENCY = (1, 2)  # one worker with one process, one with two
ALONE_RATE, ALONE_PAUSE, ALONE_HURRY = 0.5, 0.5, 40.0  # when one fault is played many times
KILL_RATE = 2.0  # processes die at fail points, so there must be enough work to reach them
RACES_A_STRIKE, RACE_RATE, RACE_REQUESTS, RACE_HURRY = 1000, 0.1, 3, 400.0
RACE_LIMIT = 900.0  # seconds, for the messages of every race to arrive
TRIAL_RATE, TRIAL_LIMIT = 1.0, 100.0  # seconds; without a guard, what is stuck stays stuck


def order_for(seed: int, kills: int, times: int, only: str, without: str, short: bool) -> Order:
    """Return the campaign's order. Raises typer.BadParameter for an unknown strike or guard."""
    if without:
        trial = trial_order(seed, without)
        return replace(_short_order(seed), without=without) if short else trial
    if only:
        return _order_of_one(seed, kills, times, only)
    return _short_order(seed) if short else Order(seed, _playable() * times, kills, rate=RATE)


def with_concurrency(order: Order, concurrency: int) -> Order:
    """Return the order with several processes per worker.

    Workers are then not killed at fail points, since it is undetermined which process reaches a point first.
    """
    if concurrency == 1:
        return order
    points = {kind: where for kind, where in order.points.items() if kind != "worker"}
    return replace(order, points=points, concurrency=(concurrency,) * OF_EACH)


def _playable() -> list[str]:
    """Return the strikes that this machine can play."""
    return [name for name, strike in STRIKES.items() if strike.missing() is None]


def _short_order(seed: int) -> Order:
    """Return a short order with some of everything, for CI; with a guard off it shows whether CI would notice."""
    return Order(
        seed,
        [name for name in _playable() if not STRIKES[name].is_long],
        SHORT_KILLS,
        rate=SHORT_RATE,
        pause=0.3,
        limit=90,
        hurry=SHORT_HURRY,
        concurrency=SHORT_CONCURRENCY,
        races=SHORT_RACES,
    )


def _order_of_one(seed: int, kills: int, times: int, only: str) -> Order:
    """Return an order with one fault only, as fast as possible. For races, `times` counts races, not strikes."""
    alone = Order(seed, (), rate=ALONE_RATE, pause=ALONE_PAUSE, hurry=ALONE_HURRY)
    if only == AT_POINT:
        return replace(alone, kills=kills, rate=KILL_RATE)
    if only not in STRIKES:
        raise typer.BadParameter(f"There is no strike {only}. Use one of {', '.join(STRIKES)}.")
    if (sentence := STRIKES[only].missing()) is not None:
        raise typer.BadParameter(sentence)
    if only != decision_race.NAME:
        return replace(alone, strikes=[only] * times)
    races = min(times, RACES_A_STRIKE)
    strikes = [only] * -(-times // races)
    return replace(
        alone,
        strikes=strikes,
        races=races,
        rate=RACE_RATE,
        requests=RACE_REQUESTS,
        pause=0.0,
        limit=RACE_LIMIT,
        hurry=RACE_HURRY,
    )


def trial_order(seed: int, without: str) -> Order:
    """Return a trial with the guard switched off. Raises typer.BadParameter for an unknown guard."""
    if without not in TRIALS:
        raise typer.BadParameter(f"There is no guard {without}. Use one of {', '.join(TRIALS)}.")
    return replace(_trial(seed, TRIALS[without]), without=without)


def control_order(seed: int, guard: str) -> Order:
    """Return the same trial with the guard on."""
    return replace(trial_order(seed, guard), without="", is_open=False)


def _trial(seed: int, trial: Trial) -> Order:
    return Order(
        seed,
        trial.strikes,
        trial.kills,
        trial.points,
        trial.runbooks,
        trial.requests,
        rate=TRIAL_RATE,
        limit=TRIAL_LIMIT,
        is_open=False,
    )
