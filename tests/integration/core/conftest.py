"""What the tests of the core on a real database share."""

from collections.abc import Iterator

import pytest

from core.service import Service
from tests.world import TEAMS, Target, apply_documents, running_target


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture
def teams(service: Service) -> None:
    apply_documents(service, TEAMS)
