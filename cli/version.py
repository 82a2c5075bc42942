"""The version of this release."""

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"


def release() -> str:
    """Return the version of the installed package, or `unknown` if it is not installed."""
    try:
        return version("runbook")
    except PackageNotFoundError:
        return UNKNOWN
