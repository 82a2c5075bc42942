from collections.abc import Iterator

import pytest

from chaos.forkserver_client import Forkserver
from cli.apply import apply_text
from cli.compose import Composition
from cli.demo.sandbox_client import SandboxClient
from cli.demo.stage import stage
from core.settings import Settings
from tests.acceptance.processes.theatre import ASKING, DEFINITIONS, Theatre
from tests.forkserver import ForkedStart


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Theatre]:
    """Every process of the demo, on ports and in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings.from_environment({"RUNBOOK_HOME": str(home), "PORT": "0"})
    with (
        stage(settings, start=ForkedStart(forkserver)) as found,
        Composition.of(found.settings) as composition,
        SandboxClient(found.sandbox) as sandbox,
    ):
        apply_text(composition.unit_of_work, f"{DEFINITIONS}---{ASKING}", "test.yaml", approve=True)
        yield Theatre(found, sandbox, composition.unit_of_work)
