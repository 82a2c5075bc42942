"""The doctor's check of our top-level packages: their names are common, and another package may bring the same."""

from collections.abc import Collection, Mapping
from importlib.metadata import packages_distributions

from cli.doctor_checks import Finding

OURS = "runbook"
TOP_LEVEL = ("core", "bot", "workers", "slack_sandbox", "cli", "migrations", "examples")
HINT = "Install runbook in a virtual environment of its own: pip writes one package's files over the other's."


def installed_packages() -> Finding:
    """Check that no other package of this environment installs a top-level package of ours."""
    return packages(packages_distributions())


def packages(brought_by: Mapping[str, Collection[str | None]]) -> Finding:
    """Return the finding. `brought_by`: who installs each top-level package; None if it has no name."""
    strangers = {
        name: sorted(others)
        for name in TOP_LEVEL
        if (others := set(filter(None, brought_by.get(name, ()))) - {OURS})
    }
    if not strangers:
        return Finding("packages", True, "No other package here has a name of ours.")
    shared = ", ".join(f"{name} (by {', '.join(others)})" for name, others in strangers.items())
    return Finding("packages", False, f"Also installed by others: {shared}.", HINT)
