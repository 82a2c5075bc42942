"""As whom PostgreSQL runs: under root, as an ordinary user, and where nothing works."""

import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cli.embedded import EmbeddedServiceError, embedded_services, privileges
from cli.embedded.binaries import postgres_programs
from cli.embedded.privileges import Identity, candidates
from cli.embedded.roles import connect
from tests.integration.cli.processes import PROJECT, eventually, owner, runs, server_pids, user_of

ROOT = pwd.struct_passwd(("root", "x", 0, 0, "", "/root", "/bin/sh"))
DAEMON = pwd.struct_passwd(("daemon", "x", 1, 1, "", "/", "/bin/false"))
NOBODY = pwd.struct_passwd(("nobody", "x", 65534, 65533, "", "/", "/bin/false"))
REALLY_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
SEEMINGLY_NOBODY = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def works(command: Sequence[str | Path]) -> bool:
    return subprocess.run(command, cwd=PROJECT, capture_output=True, check=False).returncode == 0


def test_a_user_with_a_name_stays_who_they_are() -> None:
    found = candidates(1, [ROOT, DAEMON, NOBODY])
    assert [identity.way for identity in found] == ["keep"]


def test_root_switches_to_nobody_or_else_appears_as_nobody() -> None:
    expected = [Identity("switch", 65534, 65533), Identity("namespace", 65534, 65533)]
    assert candidates(0, [ROOT, DAEMON, NOBODY]) == expected


def test_a_user_without_a_name_appears_as_one_with_a_name() -> None:
    assert candidates(4711, [ROOT, DAEMON]) == [Identity("namespace", 1, 1)]


def test_where_there_is_nobody_to_be_there_is_no_way() -> None:
    assert candidates(0, [ROOT]) == []


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that every user may pass through, unlike tmp_path under root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@as_root
def test_root_runs_postgres_as_another_user(passable: Path) -> None:
    # Not by starting it: setpriv still has root's capabilities when it does, and the server, which reads, has not.
    if not works([*REALLY_NOBODY, "test", "-x", postgres_programs() / "postgres"]):
        pytest.skip("this checkout lies where no other user may pass through")
    home = passable / "home"
    with embedded_services(home) as services:
        connect(services.database_url).close()
        assert pwd.getpwuid(user_of(server_pids(home)[0])).pw_name == "nobody"
        assert home.stat().st_mode & 0o777 == 0o710


@as_root
def test_root_runs_postgres_in_a_user_namespace_where_another_user_cannot_reach_it(passable: Path) -> None:
    passable.chmod(0o700)
    home = passable / "home"
    with embedded_services(home) as services:
        connect(services.database_url).close()
        assert user_of(server_pids(home)[0]) == 0
        assert " 0 " in Path(f"/proc/{server_pids(home)[0]}/uid_map").read_text()
        assert home.stat().st_mode & 0o777 == 0o700


@as_root
def test_the_data_moves_with_the_user(passable: Path) -> None:
    for mode in (0o755, 0o700, 0o755):
        passable.chmod(mode)
        with embedded_services(passable / "home", redis=False) as services:
            connect(services.database_url).close()


@as_root
def test_giving_a_folder_away_never_follows_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link to a folder").symlink_to(outside)
    (folder / "link to a file").symlink_to(outside / "file")
    (folder / "own").touch()
    privileges.give(folder, Identity("switch", 65534, 65533))
    assert [path.stat().st_uid for path in (outside, outside / "file")] == [0, 0]
    assert [path.lstat().st_uid for path in (folder, *folder.iterdir())] == [65534] * 4


def ordinary_user() -> list[str]:
    """What to put before a command so that it runs as, or seems to run as, an ordinary user."""
    prefixes = [[], REALLY_NOBODY, SEEMINGLY_NOBODY] if os.geteuid() else [REALLY_NOBODY, SEEMINGLY_NOBODY]
    for prefix in prefixes:
        if works([*prefix, sys.executable, "-c", "import cli.embedded"]):
            return prefix
    pytest.skip("this machine lets nobody but root run our Python")


def test_an_ordinary_user_has_everything_too(passable: Path) -> None:
    prefix = ordinary_user()
    if prefix == REALLY_NOBODY:
        os.chown(passable, pwd.getpwnam("nobody").pw_uid, -1)
    with owner(passable / "home", prefix) as (process, services):
        connect(services.database_url).close()
        pids = server_pids(passable / "home")
        assert len({user_of(pid) for pid in pids}) == 1
        process.kill()
        assert eventually(lambda: not any(map(runs, pids)))


def test_where_no_way_works_the_sentence_says_what_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(privileges, "candidates", lambda uid, users: [Identity("switch", 2**31, 2**31)])
    mode = tmp_path.stat().st_mode
    with (
        pytest.raises(
            EmbeddedServiceError, match=r"(?s)PostgreSQL cannot run in .* Start as an ordinary user"
        ),
        embedded_services(tmp_path, redis=False),
    ):
        pass
    assert tmp_path.stat().st_mode == mode
