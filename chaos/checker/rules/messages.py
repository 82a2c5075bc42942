"""Slack has each message exactly once, and it matches the state."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from chaos.checker.facts import Facts
from chaos.checker.violations import Finding

EDGE = timedelta(seconds=15)  # an incident may be committed this much later than its transaction began


def one_headline_an_execution(facts: Facts) -> Iterator[Finding]:
    """Each run has one headline, which says how it stands. A child has none of its own."""
    for execution in facts.executions:
        headlines = facts.cards[f"headline.{execution.id}"]
        if len(headlines) != int(execution.parent is None):
            yield execution.id, f"{execution.id} has {len(headlines)} headlines."
        elif headlines and headlines[0].status != execution.status:
            shown = headlines[0].status
            yield execution.id, f"The headline of {execution.id} says {shown}, but it is {execution.status}."


def one_outcome_an_ending(facts: Facts) -> Iterator[Finding]:
    for execution in facts.executions:
        outcomes = facts.cards[f"outcome.{execution.id}"]
        if len(outcomes) != int(execution.is_final and execution.parent is None):
            yield (
                execution.id,
                f"{execution.id} is {execution.status}, but has {len(outcomes)} outcome messages.",
            )
        elif outcomes and outcomes[0].status != execution.status:
            shown = outcomes[0].status
            yield execution.id, f"The outcome of {execution.id} says {shown}, but it is {execution.status}."


def one_message_a_gate(facts: Facts) -> Iterator[Finding]:
    """Each gate has one message, which has buttons while the gate is open."""
    for gate in facts.gates:
        messages = facts.cards[f"gate.{gate.id}"]
        if len(messages) != 1:
            yield gate.execution_id, f"The gate {gate.id} has {len(messages)} messages."
        elif ("approval.approve" in messages[0].actions) != (gate.status == "open"):
            yield gate.execution_id, f"The gate {gate.id} is {gate.status}, but its message says otherwise."


def verdicts_are_asked_once(facts: Facts) -> Iterator[Finding]:
    for execution in facts.executions:
        asked = [card for card in facts.cards if card.startswith(f"verdict.{execution.id}.")]
        for card in asked:
            if len(facts.cards[card]) != 1:
                yield execution.id, f"{execution.id} posted {card} {len(facts.cards[card])} times."
        buttons = sum("verdict.ran" in facts.cards[card][0].actions for card in asked)
        if buttons != int(execution.waiting_for == "verdict"):
            yield (
                execution.id,
                f"{execution.id} ({execution.status}) has {buttons} open questions for a verdict.",
            )


def message_steps_speak_once(facts: Facts) -> Iterator[Finding]:
    """Each message step posts once. A run and its retries have the same text, and each that reaches it posts it."""
    said = Counter(message.text for message in facts.messages)
    tags = {execution.id: execution.tag for execution in facts.executions}
    steps = [step for step in facts.steps if step.type == "message"]
    text_of = {step.key: f"{tags[step.execution_id]} came to {step.id}" for step in steps}
    due = Counter(text_of[each.key] for each in steps if each.status == "succeeded" and not each.carried_over)
    for step in steps:
        text = text_of[step.key]
        if said[text] != due[text]:
            how = f"but was posted {said[text]} times, not {due[text]}"
            yield step.execution_id, f"The step {step.key} is {step.status}, {how}."


def nothing_is_posted_twice(facts: Facts) -> Iterator[Finding]:
    """Each part of each notice has one message at most."""
    posted = Counter((message.notice, message.part) for message in facts.messages if message.notice)
    for (notice, part), count in posted.items():
        if count > 1:
            yield notice, f"Part {part} of the notice {notice} was posted {count} times."


def one_card_an_incident(facts: Facts) -> Iterator[Finding]:
    for incident in facts.incidents:
        cards = facts.cards[f"incident.{incident.id}"]
        if len(cards) != 1:
            yield incident.id, f"The incident {incident.id} has {len(cards)} cards."


def freezes_are_announced_once(facts: Facts) -> Iterator[Finding]:
    """The start and the end of each freeze are announced once per earlier incident; the bench resolves none of them."""
    for freeze in facts.freezes:
        for what, at in (("begun", freeze.created_at), ("lifted", freeze.lifted_at)):
            for incident in facts.incidents:
                told = len(facts.cards[f"freeze.{freeze.id}.{what}.{incident.id}"])
                is_due = (
                    at is not None and incident.created_at is not None and incident.created_at < at - EDGE
                )
                if told > 1 or (is_due and not told):
                    yield freeze.id, f"{freeze.id} {what}: announced {told} times for {incident.id}."


RULES = (
    one_headline_an_execution,
    one_outcome_an_ending,
    one_message_a_gate,
    verdicts_are_asked_once,
    message_steps_speak_once,
    nothing_is_posted_twice,
    one_card_an_incident,
    freezes_are_announced_once,
)
