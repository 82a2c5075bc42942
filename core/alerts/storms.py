"""Storms of alerts: whether an alert opens an incident of its own, and what the incident of a storm is called."""

from core.statuses import Severity

RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def is_storm(arrived: int, most: int) -> bool:
    """`arrived`: groups of alerts of one source that were new in the last minute, opened or grouped.

    It lasts as long as they keep arriving so fast; then the next one opens an incident of its own again.
    """
    return arrived >= most


def title(alerts: int, vendor: str, team: str) -> str:
    """`Alert storm: 57 alerts from alertmanager (web)`."""
    counted = "1 alert" if alerts == 1 else f"{alerts} alerts"
    return f"Alert storm: {counted} from {vendor} ({team})"


def description(most: int, vendor: str) -> str:
    return (
        f"{vendor} opened {most} incidents within a minute; what came then is counted here instead. "
        "The timeline names each alert. It is resolved when the last of them is."
    )


def severity(storm: Severity, alert: Severity) -> Severity:
    """The worst of what it holds: it never falls."""
    return max(storm, alert, key=RANKS.__getitem__)
