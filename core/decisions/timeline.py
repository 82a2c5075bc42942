"""The entries of an incident's timeline, in words. The author is shown beside the sentence, not in it."""

from collections.abc import Mapping
from string import Formatter

# By kind; the names in braces are details of the entry. Any other kind is shown as its name and details.
SENTENCES = {
    "incident.created": "opened the incident",
    "incident.status_changed": "changed the status from {from} to {to}",
    "incident.escalated": "raised the severity from {from} to {to}",
    "incident.channel_bound": "a channel was assigned to the incident",
    "incident.channel_renamed": "the channel was renamed to {name}",
    "incident.channel_archived": "the channel was archived: nothing can be posted there",
    "incident.channel_deleted": "the channel was deleted",
    "incident.channel_left": "the app was removed from the channel: it cannot post there",
    "incident.channel_refused": "the channel cannot be posted to any more",
    "incident.channel_back": "the channel can be posted to again",
    "incident.alert_grouped": "another alert: {alert} ({severity}), {alerts} in total",
    "incident.alert_resolved": "alert resolved: {alert} ({resolved} of {alerts})",
    "incident.note": "noted: {text}",
    "schedule": "the schedule of workflow {workflow} was due at {at}",
    "workflow.requested": "started workflow {workflow} v{version}",
    "workflow.not_started": "workflows not started, because too many were due at once: {count}",
    "workflow.cancelled": "cancelled workflow {workflow}",
    "workflow.ended": "workflow {workflow} {status}",
    "action.started": "started action {action} ({type})",
    "action.ended": "action {action} ({type}) {status}",
    "run.requested": "requested {runbook} v{version}",
    "run.retried": "requested {runbook} v{version} as a retry of {retry_of}",
    "run.cancelled": "cancelled {runbook}",
    "run.ended": "{runbook} {status}",
    "child.ended": "{runbook}: child run {child} {status}",
    "step.started": "{runbook}: step {step} ({type}) started",
    "step.ended": "{runbook}: step {step} ({type}) {status}",
    "approval.opened": "{runbook}: step {step} is waiting for approval",
    "approval.approved": "approved step {step} of {runbook}",
    "approval.rejected": "rejected step {step} of {runbook}",
    "approval.expired": "{runbook}: nobody decided on step {step} in time",
    "approval.cancelled": "{runbook}: step {step} no longer needs a decision",
    "input.opened": "{runbook}: step {step} is waiting for values",
    "input.answered": "entered values for step {step} of {runbook}",
    "input.expired": "{runbook}: nobody entered values for step {step} in time",
    "input.cancelled": "{runbook}: step {step} no longer needs values",
    "verdict.ran": "gave a verdict on {runbook}: the step in doubt ran",
    "verdict.did_not_run": "gave a verdict on {runbook}: the step in doubt did not run",
    "verdict.run_again": "gave a verdict on {runbook}: run the step in doubt again",
    "freeze.begun": "froze {scope}: {why}",
    "freeze.lifted": "unfroze {scope}, which was frozen: {why}",
    "callback.received": "{runbook}: the callback for step {step} was received",
}
PLAIN = ("incident.deescalated", "incident.labelled", "incident.linked", "incident.age")  # without a sentence
KINDS = (*SENTENCES, *PLAIN)
BEHIND = ("error", "reason")  # appended to the sentence if present


def in_words(kind: str, details: Mapping[str, object]) -> str:
    """Return the sentence for an entry."""
    template = SENTENCES.get(kind)
    if template is None:
        return _plain(kind, details)
    known = {name: _word(details.get(name)) for _, name, _, _ in Formatter().parse(template) if name}
    behind = [str(details[name]).strip() for name in BEHIND if details.get(name)]
    return ": ".join([template.format_map(known), *behind])


def _word(value: object) -> str:
    return "?" if value is None else str(value).replace("timed_out", "timed out")


def _plain(kind: str, details: Mapping[str, object]) -> str:
    listed = ", ".join(f"{name} {value}" for name, value in details.items())
    words = kind.replace(".", " ").replace("_", " ")
    return f"{words}: {listed}" if listed else words
