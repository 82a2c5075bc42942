"""The pytest plugin: the fixture `slack`, and short failures with a transcript."""

from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType

import pytest

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.testing.failures import SlackTestFailure
from slack_sandbox.testing.sandbox import SlackSandbox
from slack_sandbox.testing.workspace import small_workspace

HERE = Path(__file__).parent


@pytest.fixture
def slack_workspace() -> WorkspaceConfig:
    """The workspace of `slack`. Define a fixture of this name for other people, channels or settings."""
    return small_workspace()


@pytest.fixture
def slack(slack_workspace: WorkspaceConfig) -> Iterator[SlackSandbox]:
    """A Slack workspace for this test alone."""
    with SlackSandbox(slack_workspace) as sandbox:
        yield sandbox


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """End the traceback of our failures at the test's own line, and add the transcript to all others."""
    ours = call.excinfo is not None and isinstance(call.excinfo.value, SlackTestFailure)
    if call.excinfo is not None and ours:
        end_before_package(call.excinfo.tb)
    report = yield
    slack = getattr(item, "funcargs", {}).get("slack")
    if report.when == "call" and report.failed and isinstance(slack, SlackSandbox) and not ours:
        report.sections.append(("Slack", slack.transcript()))
    return report


def end_before_package(entry: TracebackType | None) -> None:
    while entry is not None:
        inner = entry.tb_next
        if inner is not None and HERE in Path(inner.tb_frame.f_code.co_filename).parents:
            entry.tb_next = None
        entry = entry.tb_next
