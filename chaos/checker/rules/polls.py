"""Polls: a lost look is simply repeated, looks keep their distance, and end once it is so."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from chaos.checker.facts import Facts, Step
from chaos.checker.rules.effects import SECONDS
from chaos.checker.violations import Finding

ENOUGH = 3  # looks of one key, until `later` is ready
MARGIN = 1.0  # seconds between a fault and its record


def _polls(facts: Facts) -> Iterator[tuple[Step, Mapping[str, Any]]]:
    for execution in facts.executions:
        for step in facts.steps_of[execution.id]:
            definition = facts.definition_of(execution, step)
            if "poll" in definition:
                yield step, definition


def looks_ask_nobody(facts: Facts) -> Iterator[Finding]:
    """Nobody is asked whether a look happened."""
    asked = {card.removeprefix("verdict.") for card in facts.cards if card.startswith("verdict.")}
    for step, _ in _polls(facts):
        about = f"{step.execution_id}.{step.position}."
        if any(card.startswith(about) for card in asked):
            yield step.execution_id, f"Somebody was asked whether {step.key}, which only looks, had happened."


def looks_keep_their_distance(facts: Facts) -> Iterator[Finding]:
    """Two looks are `every` apart, unless an outage let a worker go on that had been taken for lost."""
    for step, definition in _polls(facts):
        said = SECONDS.fullmatch(str(definition["poll"]["every"]))
        assert said is not None
        for first, second in pairwise(facts.calls_of[step.key]):
            apart = second.at - first.at
            if apart < float(said[1]) and not facts.is_suspended(first.at - MARGIN, second.at + MARGIN):
                yield (
                    step.execution_id,
                    f"{step.key} looked again after {apart:.2f} s instead of {said[1]} s.",
                )


def looks_end_when_it_is_so(facts: Facts) -> Iterator[Finding]:
    """A poll succeeds once it is so, not before, and then looks no more unless its worker was lost."""
    for step, definition in _polls(facts):
        looks = facts.calls_of[step.key]
        if step.carried_over:
            continue
        enough = ENOUGH if "/later/" in str(definition["url"]) else len(looks) + 1
        if step.status == "succeeded" and len(looks) < enough:
            yield step.execution_id, f"{step.key} succeeded after {len(looks)} looks, before it was so."
        for first, second in pairwise(looks[enough - 1 :]):
            if not facts.harmed(first.at - MARGIN, second.at + MARGIN):
                yield step.execution_id, f"{step.key} looked again, although it was so."


def count(facts: Facts) -> int:
    return sum(len(facts.calls_of[step.key]) for step, _ in _polls(facts))


RULES = (looks_ask_nobody, looks_keep_their_distance, looks_end_when_it_is_so)
