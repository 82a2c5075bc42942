"""What the settings of shell steps come to on this machine."""

import os
from pathlib import Path

import pytest

from cli.confinement import confinement_of
from core.errors import ConfigurationError
from core.io.confinement import Account
from core.settings import Settings

AS_ROOT = os.geteuid() == 0


def settings(**environ: str) -> Settings:
    return Settings.from_environment(
        {"RUNBOOK_SHELL": "on", "RUNBOOK_SHELL_USER": str(os.geteuid()), **environ}
    )


def test_root_is_refused_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(ConfigurationError, match="would run as root") as refused:
        confinement_of(settings(RUNBOOK_SHELL_USER=""), {})
    assert "RUNBOOK_SHELL_USER=root" in str(refused.value.hint)


def test_an_ordinary_worker_runs_commands_as_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    for name in ("", "1234"):
        assert confinement_of(settings(RUNBOOK_SHELL_USER=name), {}).account is None


def test_an_ordinary_worker_becomes_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.confinement.may_become", lambda uid, status: False)
    with pytest.raises(ConfigurationError, match="may not run commands as another user") as refused:
        confinement_of(settings(RUNBOOK_SHELL_USER="1"), {})
    assert "CAP_SETUID" in str(refused.value.hint)


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_commands_never_run_as_the_embedded_databases_user(tmp_path: Path) -> None:
    """Whoever runs as the same user writes its files, and ends it."""
    (tmp_path / "postgres").mkdir()
    os.chown(tmp_path / "postgres", 65534, 65534)
    with pytest.raises(ConfigurationError, match="the user that the embedded PostgreSQL runs as"):
        confinement_of(settings(RUNBOOK_SHELL_USER="65534", RUNBOOK_HOME=str(tmp_path)), {})
    found = confinement_of(settings(RUNBOOK_SHELL_USER="65533", RUNBOOK_HOME=str(tmp_path)), {})
    assert found.account == Account("65533", 65533, (65533,))


def test_a_wrapper_is_found_once_by_the_workers_own_path() -> None:
    found = confinement_of(settings(RUNBOOK_SHELL_WRAPPER="env -i 'A=b c'"), {"PATH": "/usr/bin"})
    assert (Path(found.wrapper[0]).name, found.wrapper[1:]) == ("env", ("-i", "A=b c"))
    assert Path(found.wrapper[0]).is_absolute()


@pytest.mark.parametrize(
    ("words", "said"), [("no-such-wrapper --x", "there is no such program"), ("env 'x", "cannot be parsed")]
)
def test_a_wrapper_that_cannot_be_is_refused(words: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        confinement_of(settings(RUNBOOK_SHELL_WRAPPER=words), {"PATH": "/usr/bin"})


def test_programs_are_absolute_paths() -> None:
    with pytest.raises(ConfigurationError, match="RUNBOOK_SHELL_PROGRAMS names 'dbctl'"):
        confinement_of(settings(RUNBOOK_SHELL_PROGRAMS="/usr/bin/env, dbctl"), {})
    assert confinement_of(settings(RUNBOOK_SHELL_PROGRAMS="/usr/bin/env,/opt/x/"), {}).programs.entries == (
        "/usr/bin/env",
        "/opt/x/",
    )
