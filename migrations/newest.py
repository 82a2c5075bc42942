"""The newest schema revision, read from the migrations' file names so that processes need not import Alembic."""

from pathlib import Path

VERSIONS = Path(__file__).parent / "versions"


def newest_revision() -> str:
    """Return the revision that the code expects. The files are named `REVISION_what_it_does.py`, in order."""
    return max(known_revisions())


def known_revisions() -> frozenset[str]:
    """Return all revisions that the code has a migration for."""
    return frozenset(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*.py"))
