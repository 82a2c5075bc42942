"""What is in deploy/ names processes, settings and files that exist, and gives nothing more than is needed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.main import Commands
from core.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY, CHART = ROOT / "deploy", ROOT / "deploy/helm/runbook"
KNOWN = {str(field.alias) for field in Settings.model_fields.values()}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: each for name, each in COMPOSE["services"].items() if each["image"] == "runbook"}
LASTING = {"web", "poster", "worker", "clock"}


def containerfile() -> list[str]:
    text = (DEPLOY / "Containerfile").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_has_every_package_and_runs_as_nobody_in_particular() -> None:
    packages = re.search(r'^packages = \["core", .*\]$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert packages is not None
    copied = {line.split()[1] for line in containerfile() if re.match(r"COPY \w+ \w+$", line)}
    assert copied == set(re.findall(r'"(\w+)"', packages.group()))
    last = containerfile()[max(n for n, line in enumerate(containerfile()) if line.startswith("FROM")) :]
    assert "USER 10001:10001" in last
    assert 'ENTRYPOINT ["runbook"]' in last
    needed = {
        line.removeprefix("!")
        for line in (DEPLOY / "Containerfile.dockerignore").read_text().split()
        if line[0] == "!"
    }
    given = [
        line.split()[1:-1] for line in containerfile() if line.startswith("COPY") and "--from" not in line
    ]
    assert needed == {name for names in given for name in names}


def test_compose_starts_every_process_after_the_migration() -> None:
    assert {command for each in OURS.values() for command in each["command"]} == LASTING | {"migrate"}
    assert set(OURS) <= set(Commands.lazy)
    for name in LASTING:
        assert OURS[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


@pytest.mark.parametrize("name", OURS)
def test_a_container_can_do_as_little_as_possible(name: str) -> None:
    each = OURS[name]
    assert (each["read_only"], each["cap_drop"], each["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert set(each["environment"]) <= KNOWN
    assert ("DATABASE_OWNER_URL" in each["environment"]) == (name == "migrate")


def test_the_settings_of_the_environment_file_exist() -> None:
    lines = (DEPLOY / "runbook.env").read_text().splitlines()
    assert {line.partition("=")[0] for line in lines if line and line[0] != "#"} <= KNOWN


def test_the_chart_has_a_deployment_for_each_process_and_uses_values_that_exist() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert set(values["processes"]) == LASTING | {"socket"}
    templates = [path.read_text() for path in (CHART / "templates").iterdir()]
    used = {name for text in templates for name in re.findall(r"\.Values\.([\w.]+)", text)}
    assert used
    for name in used:
        assert _found(values, name), name
    defined = {name for text in templates for name in re.findall(r'define "([\w.]+)"', text)}
    assert {name for text in templates for name in re.findall(r'include "([\w.]+)"', text)} == defined
    for text in templates:
        opened = len(re.findall(r"{{-? (?:if|range|define|with) ", text))
        assert opened == len(re.findall(r"{{-? end ", text))


def _found(values: Any, name: str) -> bool:
    first, _, rest = name.partition(".")
    return first in values and (not rest or _found(values[first], rest))


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed; it is in Debian's package systemd")
    units = []
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/opt/runbook/bin/runbook", f"{Path(sys.executable).parent}/runbook")
        text = re.sub(r"^User=runbook$", "User=daemon", text, flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
        units.append(str(tmp_path / unit.name.replace("@.", "@worker.")))
    (tmp_path / "runbook@worker.service").write_text((tmp_path / "runbook@.service").read_text())
    done = subprocess.run([verify, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "runbook" in line]
    assert (done.returncode, ours) == (0, [])


def test_packages_are_typed_for_those_who_import_them() -> None:
    packages = ("bot", "cli", "core", "migrations", "slack_sandbox", "workers")
    assert [name for name in packages if not (ROOT / name / "py.typed").exists()] == []
