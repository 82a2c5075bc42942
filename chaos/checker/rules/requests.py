"""What was acknowledged is there, once."""

from collections.abc import Iterator

from chaos.checker.facts import Facts, by
from chaos.checker.violations import Finding
from chaos.definitions import ON_ACKNOWLEDGED

PATIENCE = 3.0  # seconds, Slack's
TRIGGERS = ("auto", "awaited")  # services whose incidents start a workflow, one each


def one_execution_a_request(facts: Facts) -> Iterator[Finding]:
    """However often it was delivered; exactly one where its asker was told so. Its retries have its tag, too."""
    tagged = by((each for each in facts.executions if each.retry_of is None), "tag")
    for request in facts.asked:
        found = [execution.id for execution in tagged[request.tag]]
        if len(found) > 1:
            yield found[0], f"The request {request.tag} made {len(found)} executions: {', '.join(found)}."
        if request.told is not None and request.told not in found:
            yield request.told, f"The request {request.tag} was told of {request.told}, which is not there."
        if request.refused and found:
            yield found[0], f"The request {request.tag} was refused, and made {found[0]}."


def what_was_told_exists(facts: Facts) -> Iterator[Finding]:
    """Nobody was told of an execution that is lost."""
    known = {execution.id for execution in facts.executions}
    for execution_id in facts.told:
        if execution_id not in known:
            yield execution_id, f"Somebody was told of {execution_id}, which is not there."


def one_workflow_execution_an_incident(facts: Facts) -> Iterator[Finding]:
    """A workflow ran once for each incident that triggers it, and started one runbook."""
    opened = [each for each in facts.workflows if each.frozen.get("name") != ON_ACKNOWLEDGED]
    ran, started = by(opened, "incident_id"), by(facts.executions, "workflow_execution_id")
    for incident in facts.incidents:
        wanted = 1 if incident.service in TRIGGERS else 0
        if len(ran[incident.id]) != wanted:
            yield incident.id, f"{incident.id} has {len(ran[incident.id])} workflow executions, not {wanted}."
    for workflow in opened:
        if workflow.status == "succeeded" and len(started[workflow.id]) != 1:
            yield workflow.id, f"{workflow.id} started {len(started[workflow.id])} runbooks, not 1."


def one_workflow_execution_an_acknowledgement(facts: Facts) -> Iterator[Finding]:
    """It was started in the transaction of the change, whatever was frozen meanwhile."""
    ran = by([each for each in facts.workflows if each.frozen.get("name") == ON_ACKNOWLEDGED], "incident_id")
    for incident in facts.incidents:
        wanted = 1 if incident.status == "acknowledged" else 0
        if len(ran[incident.id]) != wanted:
            found = len(ran[incident.id])
            yield (
                incident.id,
                f"{incident.id} is {incident.status}, and was followed by {found} workflow executions.",
            )


def redis_is_not_missed(facts: Facts) -> Iterator[Finding]:
    """Slack gets its answer within its 3 s while Redis is away."""
    for delivery in facts.without_redis:
        if delivery.outcome == "operation_timeout" or delivery.seconds > PATIENCE:
            took = f"{delivery.seconds:.1f} s"
            yield (
                str(delivery.number),
                f"Delivery {delivery.number} was acknowledged after {took} without Redis.",
            )


ACKNOWLEDGED = (
    one_execution_a_request,
    what_was_told_exists,
    one_workflow_execution_an_incident,
    one_workflow_execution_an_acknowledgement,
)
WITHOUT_REDIS = (redis_is_not_missed,)
