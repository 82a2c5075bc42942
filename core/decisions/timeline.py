"""The lines of an incident's timeline in words. Who did it stands beside the line, not in it."""

from collections.abc import Mapping
from string import Formatter

# By kind; the names in braces are details of the line. What is not here is told by its kind and details.
SENTENCES = {
    "incident.created": "opened the incident",
    "incident.status_changed": "changed the status from {from} to {to}",
    "incident.escalated": "raised the severity from {from} to {to}",
    "incident.channel_bound": "the incident has its channel",
    "incident.alert_grouped": "one more alert: {alert} ({severity}), {alerts} in all",
    "incident.alert_resolved": "an alert is over: {alert}, {resolved} of {alerts} are",
    "incident.note": "noted: {text}",
    "workflow.requested": "started workflow {workflow} v{version}",
    "workflow.not_started": "{count} workflows were not started, for there were too many at once",
    "workflow.cancelled": "cancelled workflow {workflow}",
    "workflow.ended": "workflow {workflow} {status}",
    "action.started": "began action {action} ({type})",
    "action.ended": "action {action} ({type}) {status}",
    "run.requested": "asked for {runbook} v{version}",
    "run.retried": "went on with {runbook} v{version}, a retry of {retry_of}",
    "run.cancelled": "cancelled {runbook}",
    "run.ended": "{runbook} {status}",
    "step.started": "{runbook}: step {step} ({type}) began",
    "step.ended": "{runbook}: step {step} ({type}) {status}",
    "approval.opened": "{runbook}: step {step} waits for approval",
    "approval.approved": "approved step {step} of {runbook}",
    "approval.rejected": "rejected step {step} of {runbook}",
    "approval.expired": "{runbook}: nobody decided on step {step} in time",
    "approval.cancelled": "{runbook}: nobody needs to decide on step {step} any more",
    "verdict.ran": "said of {runbook}: the step in doubt ran",
    "verdict.did_not_run": "said of {runbook}: the step in doubt did not run",
    "verdict.run_again": "said of {runbook}: run the step in doubt again",
    "freeze.begun": "froze {scope}: {why}",
    "freeze.lifted": "let {scope} go on, which was frozen: {why}",
    "callback.received": "{runbook}: the callback for step {step} came",
}
PLAIN = ("incident.deescalated", "incident.labelled", "incident.linked", "incident.age")  # without a sentence
KINDS = (*SENTENCES, *PLAIN)
BEHIND = ("error", "reason")  # details that are told behind the sentence, where they are there


def in_words(kind: str, details: Mapping[str, object]) -> str:
    """The line's sentence."""
    template = SENTENCES.get(kind)
    if template is None:
        return _plain(kind, details)
    known = {name: _word(details.get(name)) for _, name, _, _ in Formatter().parse(template) if name}
    behind = [str(details[name]).strip() for name in BEHIND if details.get(name)]
    return ": ".join([template.format_map(known), *behind])


def _word(value: object) -> str:
    return "?" if value is None else str(value).replace("timed_out", "timed out")


def _plain(kind: str, details: Mapping[str, object]) -> str:
    told = ", ".join(f"{name} {value}" for name, value in details.items())
    words = kind.replace(".", " ").replace("_", " ")
    return f"{words}: {told}" if told else words
