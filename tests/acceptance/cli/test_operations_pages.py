"""The commands of the pages about backup, restore and upgrades, as they are written there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from alembic import command
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url

from chaos.restoring.copies import libpq
from cli.embedded import Services, create_database
from cli.embedded.binaries import postgres_programs
from cli.migrate import migrate
from cli.startup_checks import begin
from core.clock import SystemClock
from core.database import open_engine
from core.services.freezes.in_force import freezes_in_force
from core.services.operations.health import schema_revision
from core.settings import Settings
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from migrations.upgrade import alembic_config
from tests.conftest import ADMIN, RecordedJobs
from tests.world import TEAMS, apply_documents, new_incident, start_run

PAGES = Path(__file__).parents[3] / "docs" / "operations"
HELLO = "kind: runbook\nname: hello\nteam: database\nsteps: [{id: say, type: message, text: hi}]\n"


def commands(page: str, heading: str) -> list[str]:
    """The blocks of shell commands under a heading."""
    section = (PAGES / page).read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


class Place:
    """A database with an owner and the service's role, as in production, and where commands are typed."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services, self.folder = services, folder
        self.owner_url = create_database(services.owner_url, f"pages_{token_hex(4)}")
        self.url = self.as_service(self.owner_url)

    def as_service(self, owner_url: str) -> str:
        url = make_url(self.services.database_url).set(database=make_url(owner_url).database)
        return url.render_as_string(hide_password=False)

    def type(self, block: str, **environment: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=self.folder,
            env={
                "PATH": f"{postgres_programs()}:{Path(sys.executable).parent}:{os.environ['PATH']}",
                "RUNBOOK_HOME": str(self.folder),
                "DATABASE_OWNER_URL": libpq(self.owner_url),
                "DATABASE_URL": libpq(self.url),
                "REDIS_URL": self.services.redis_url,
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def place(services: Services, tmp_path: Path) -> Place:
    return Place(services, tmp_path)


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    opened: list[Engine] = []
    yield opened
    for engine in opened:
        engine.dispose()


def installation(url: str, engines: list[Engine]) -> UnitOfWorkFactory:
    engines.append(open_engine(url))
    return UnitOfWorkFactory(engines[-1], SystemClock(), RecordedJobs(), frozenset({ADMIN}))


def test_a_backup_is_restored_recognised_and_frozen(place: Place, engines: list[Engine]) -> None:
    migrate(Settings(DATABASE_URL=place.url, DATABASE_OWNER_URL=place.owner_url))
    original = installation(place.url, engines)
    begin(original)  # writes down which database this is
    apply_documents(original, TEAMS + "---\n" + HELLO)
    run = start_run(original, new_incident(original), "hello")
    for block in commands("backup.md", "Take a backup"):
        place.type(block)

    restored = create_database(place.services.owner_url, f"restored_{token_hex(4)}")
    service = place.as_service(restored)
    urls = {"RESTORED_OWNER_URL": libpq(restored), "RESTORED_URL": libpq(service)}
    restore, declare = commands("backup.md", "Restore it")
    assert "intact" in place.type(restore, **urls)
    copy = installation(service, engines)
    begin(copy)
    with copy.begin() as work:
        assert work.session.scalars(select(RunbookExecution.id)).all() == [run]
        [freeze] = freezes_in_force(work)
    assert freeze.reason.startswith("The database is a restored copy")
    assert "Everything is frozen" in place.type(declare, **urls)


def test_an_older_database_is_upgraded(place: Place, engines: list[Engine]) -> None:
    engines.append(open_engine(place.owner_url))
    config = alembic_config()
    with engines[-1].begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0028")
    for block in commands("upgrade.md", "Upgrade"):
        place.type(block)
    with installation(place.url, engines).begin() as work:
        assert schema_revision(work) == newest_revision()
