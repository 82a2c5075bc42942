from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.integration.slack_sandbox.apps import a_client
from tests.integration.slack_sandbox.people import People


@pytest.fixture
def config() -> WorkspaceConfig:
    return WorkspaceConfig()


@pytest.fixture
def slack(config: WorkspaceConfig) -> Iterator[RunningSandbox]:
    with RunningSandbox(config) as running:
        yield running


@pytest.fixture
def people(slack: RunningSandbox) -> Iterator[People]:
    people = People(slack.url)
    yield people
    people.close()


@pytest.fixture
def client(slack: RunningSandbox) -> WebClient:
    return a_client(slack)
