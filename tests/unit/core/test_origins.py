"""Origins of calls: written, read, and not forgeable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decisions.initiators import MOST_DEPTH, check_chain
from core.decisions.people import Person
from core.errors import Conflict
from core.origins import HEADER, Origin, Origins

ORIGINS, ORIGIN = Origins("secret"), Origin("wfx_6x1nm7fy9h2gsx2v", 3)
WRITTEN = ORIGINS.headers(ORIGIN)[HEADER]


def test_what_is_written_is_read() -> None:
    assert ORIGINS.read(WRITTEN) == ORIGIN


def test_what_earlier_releases_wrote_is_read() -> None:
    """A worker and web need not be of one release."""
    said = "wfx_1;depth=2;by=2SwBHD0GRB2M0FALgdHof9VYgogivbylwJel9Y1XuvE"
    assert Origins("the secret").read(said) == Origin("wfx_1", 2)
    assert Origins("the secret").headers(Origin("wfx_1", 2)) == {HEADER: said}


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "wfx_1;depth=3",
        WRITTEN + " ",
        WRITTEN[:-1],
        WRITTEN.replace("depth=3", "depth=0"),
        "é;depth=1;by=é",
    ],
)
def test_what_we_did_not_write_is_not_believed(value: str | None) -> None:
    assert ORIGINS.read(value) is None
    assert Origins("another").read(WRITTEN) is None


def test_without_a_secret_nothing_is_said_or_believed() -> None:
    assert Origins().headers(ORIGIN) == {}
    assert Origins().read(WRITTEN) is None


@given(st.text())
def test_no_text_breaks_it(value: str) -> None:
    assert ORIGINS.read(value) is None


def test_a_chain_has_an_end() -> None:
    check_chain(Person("U1", depth=MOST_DEPTH), "run")
    with pytest.raises(Conflict, match="Does one of them start itself"):
        check_chain(Person("U1", depth=MOST_DEPTH + 1), "run")
