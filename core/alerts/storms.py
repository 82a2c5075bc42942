"""Alert storms: whether an alert opens its own incident, and the text of a storm's incident."""

from core.statuses import Severity

RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def is_storm(arrived: int, most: int) -> bool:
    """Return whether there is a storm. `arrived`: groups of alerts of one source, new in the last minute, opened or
    grouped.

    A storm lasts while alerts keep arriving at this rate; the next alert after that opens its own incident again.
    """
    return arrived >= most


def title(alerts: int, vendor: str, team: str) -> str:
    """Return a title such as `Alert storm: 57 alerts from alertmanager (web)`."""
    counted = "1 alert" if alerts == 1 else f"{alerts} alerts"
    return f"Alert storm: {counted} from {vendor} ({team})"


def description(most: int, vendor: str) -> str:
    return (
        f"{vendor} opened {most} incidents within a minute; further alerts are collected here instead. "
        "The timeline lists each alert. This incident is resolved when the last of them is."
    )


def severity(storm: Severity, alert: Severity) -> Severity:
    """Return the worst severity among the alerts; a storm's severity never decreases."""
    return max(storm, alert, key=RANKS.__getitem__)
