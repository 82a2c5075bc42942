"""The newest schema, told by the names of the migrations: to know it, a process need not load Alembic."""

from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


def newest_revision() -> str:
    """The revision that the code expects. The files are `REVISION_what_it_does.py`, in their order."""
    return max(known_revisions())


def known_revisions() -> frozenset[str]:
    """All revisions that the code has a migration for."""
    return frozenset(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))
