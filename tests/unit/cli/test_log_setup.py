"""What a line of the log is made of."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from cli.log_setup import JsonFormatter, masker_of_environment, set_up_logging
from cli.processes import without_password
from core.definitions.masking import Masker

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is the process'; what these tests set up must not stay."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    levels = {
        name: logging.getLogger(name).level for name in ("slack_bolt.App", "cel", "httpx2", "httpcore2")
    }
    configured = structlog.get_config()
    yield
    structlog.configure(**configured)
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def lines(form: str, level: str = "info") -> io.StringIO:
    output = io.StringIO()
    set_up_logging(Masker([SECRET]), form, level, output)  # type: ignore[arg-type]  # words of settings
    return output


def test_as_json_a_line_is_one_object_with_what_was_bound() -> None:
    output = lines("json")
    with structlog.contextvars.bound_contextvars(execution="rbx_1", request_id="req_1"):
        structlog.get_logger().info("claimed", version=3)
    said = json.loads(output.getvalue())
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "event": "claimed", "execution": "rbx_1", "level": "info", "request_id": "req_1", "version": 3,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_secret_is_in_a_line(form: str) -> None:
    output = lines(form)
    log = structlog.get_logger()
    log.info("sent", url=f"https://h/?token={SECRET}", nested={"a": [SECRET]})
    try:
        raise ValueError(f"bad {SECRET}")
    except ValueError as error:
        log.error("failed", exc_info=error)
    assert SECRET not in output.getvalue()
    assert "bad" in output.getvalue()


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("text", ["a\nb", "a\r\n2026 [info] forged", "\x1b[2Jgone", "a\u2028b"])
def test_whatever_somebody_wrote_is_no_line_of_its_own(form: str, text: str) -> None:
    output = lines(form)
    structlog.get_logger().warning("said", what=text)
    assert len(output.getvalue().splitlines()) == 1
    assert "\x1b[2J" not in output.getvalue()


@pytest.mark.parametrize(("level", "told"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_a_level_leaves_out_what_is_below_it(level: str, told: int) -> None:
    output = lines("json", level)
    log = structlog.get_logger()
    for each in (log.debug, log.info, log.warning, log.error):
        each("x")
    assert len(output.getvalue().splitlines()) == told


def test_what_a_library_says_is_json_too_and_masked() -> None:
    record = logging.LogRecord("rq.worker", logging.WARNING, "f", 1, "lost %s\nhere", (SECRET,), None)
    said = json.loads(JsonFormatter(Masker([SECRET])).format(record))
    assert said["logger"] == "rq.worker"
    assert said["level"] == "warning"
    assert SECRET not in said["event"]


def test_bolt_does_not_warn_of_what_we_set_at_each_start() -> None:
    lines("text")
    assert not logging.getLogger("slack_bolt.App").isEnabledFor(logging.WARNING)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h:5432/x?password=q", "postgresql://u@h:5432/x"),
        ("postgresql://u:p/p@h/x", "postgresql://u@h/x"),
        ("postgresql://u:p@a:1,b:2/x", "postgresql://u@a:1,b:2/x"),
        ("redis://:p@h:6379/0", "redis://@h:6379/0"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_told_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_what_a_command_was_given_is_hidden_though_a_setting_cannot_be_read() -> None:
    masker = masker_of_environment({"PORT": "x", "RUNBOOK_TOKEN": SECRET, "SLACK_BOT_TOKEN": "xoxb-secret"})
    assert SECRET not in masker.mask(f"Bearer {SECRET}")
    assert "xoxb-secret" not in masker.mask("xoxb-secret")
