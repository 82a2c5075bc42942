"""Everything that was acknowledged exists exactly once."""

from collections.abc import Iterator

from chaos.checker.facts import Facts, by
from chaos.checker.violations import Finding
from chaos.definitions import ON_ACKNOWLEDGED

PATIENCE = 3.0  # seconds that Slack waits for an answer
TRIGGERS = ("auto", "awaited")  # services whose incidents start one workflow each


def one_execution_a_request(facts: Facts) -> Iterator[Finding]:
    """A request starts one run at most, however often it is delivered, and exactly one if that was acknowledged.

    Retries of the run and its children have the request's tag, too.
    """
    tagged = by((each for each in facts.executions if each.retry_of is None and each.parent is None), "tag")
    for request in facts.asked:
        found = [execution.id for execution in tagged[request.tag]]
        if len(found) > 1:
            yield found[0], f"The request {request.tag} started {len(found)} runs: {', '.join(found)}."
        if request.told is not None and request.told not in found:
            yield (
                request.told,
                f"The request {request.tag} was answered with {request.told}, which does not exist.",
            )
        if request.refused and found:
            yield found[0], f"The request {request.tag} was refused, but started {found[0]}."


def acknowledged_executions_exist(facts: Facts) -> Iterator[Finding]:
    """Every run whose id somebody was given exists."""
    known = {execution.id for execution in facts.executions}
    for execution_id in facts.told:
        if execution_id not in known:
            yield execution_id, f"Somebody was given {execution_id}, which does not exist."


def one_workflow_execution_an_incident(facts: Facts) -> Iterator[Finding]:
    """A workflow runs once for each incident that triggers it, and starts one runbook."""
    opened = [each for each in facts.workflows if each.frozen.get("name") != ON_ACKNOWLEDGED]
    runs = [each for each in facts.executions if each.parent is None]
    ran, started = by(opened, "incident_id"), by(runs, "workflow_execution_id")
    for incident in facts.incidents:
        wanted = 1 if incident.service in TRIGGERS else 0
        if len(ran[incident.id]) != wanted:
            yield incident.id, f"{incident.id} has {len(ran[incident.id])} workflow executions, not {wanted}."
    for workflow in opened:
        if workflow.status == "succeeded" and len(started[workflow.id]) != 1:
            yield workflow.id, f"{workflow.id} started {len(started[workflow.id])} runbooks, not 1."


def one_workflow_execution_an_acknowledgement(facts: Facts) -> Iterator[Finding]:
    """Each acknowledgement starts one workflow, in its own transaction, even during a freeze."""
    ran = by([each for each in facts.workflows if each.frozen.get("name") == ON_ACKNOWLEDGED], "incident_id")
    for incident in facts.incidents:
        wanted = 1 if incident.status == "acknowledged" else 0
        if len(ran[incident.id]) != wanted:
            found = len(ran[incident.id])
            yield (
                incident.id,
                f"{incident.id} is {incident.status}, but started {found} workflow executions.",
            )


def slack_is_answered_without_redis(facts: Facts) -> Iterator[Finding]:
    """Slack gets its answer within 3 s while Redis is down."""
    for delivery in facts.without_redis:
        if delivery.outcome == "operation_timeout" or delivery.seconds > PATIENCE:
            took = f"{delivery.seconds:.1f} s"
            yield (
                str(delivery.number),
                f"Delivery {delivery.number} was acknowledged after {took} without Redis.",
            )


ACKNOWLEDGED = (
    one_execution_a_request,
    acknowledged_executions_exist,
    one_workflow_execution_an_incident,
    one_workflow_execution_an_acknowledgement,
)
WITHOUT_REDIS = (slack_is_answered_without_redis,)
