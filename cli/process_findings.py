"""What the doctor finds of processes: those that the service cannot do without, and that nobody hears of."""

from cli.findings import Finding
from core.decisions.signs import Presence
from core.service import Service
from core.services.operations.health import present_processes

START = "`runbook {}` starts one; a host that is up and has one already does not reach this database."


def processes(service: Service) -> list[Finding]:
    """One for each kind of process. To be asked where the schema is as it should be."""
    with service.transaction() as work:
        return [_finding(each) for each in present_processes(work)]


def _finding(presence: Presence) -> Finding:
    _, _, message = str(presence).partition(": ")
    said = f"{message[0].upper()}{message[1:]}."
    return Finding(
        presence.kind, presence.alive > 0, said, "" if presence.alive else START.format(presence.kind)
    )
