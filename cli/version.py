"""Which release this is."""

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"


def release() -> str:
    """As the installed package has it; `unknown` for sources that nobody installed."""
    try:
        return version("runbook")
    except PackageNotFoundError:
        return UNKNOWN
