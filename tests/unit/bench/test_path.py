"""What counts as a file that was passed, and as a crossing."""

from datetime import UTC, datetime

from bench.path import Passed, watched
from bot.pages.links import RunLinks


def test_files_of_ours_are_counted_with_the_calls_between_them() -> None:
    links = RunLinks("https://x", "secret", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    passed = Passed()
    with watched(passed):
        links.sign("rbx_1")
    links.sign("rbx_2")

    signing, page = "core/signing.py", "bot/pages/links.py"
    assert set(passed.files) == {signing, page}
    # Made by one file of ours; asked for the time by itsdangerous, on the other's behalf.
    assert passed.crossings == {(page, signing): 2}
