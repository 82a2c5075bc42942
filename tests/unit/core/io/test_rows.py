"""Rows as JSON."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from core.definitions.masking import Masker
from core.io.rows import Rows, as_json, unique
from core.values.execution import Json


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("1.50"), "1.50"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(days=1, seconds=2), "1 day, 0:00:02"),
        (b"\x00\xff", "AP8="),
        (memoryview(b"\x00"), "AA=="),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([1, Decimal(2), [b"x"]], [1, "2", ["eA=="]]),
        ({"a": {"b": Decimal(1)}}, {"a": {"b": "1"}}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(value: object, shown: Json) -> None:
    assert as_json(value) == shown


def test_columns_of_the_same_name_are_all_kept() -> None:
    assert unique(["id", "id", "id_2", "id"]) == ["id", "id_2", "id_2_2", "id_3"]


def test_rows_beyond_the_bounds_are_left_out() -> None:
    rows = Rows(2)
    for number in range(3):
        rows.add({"n": number})
    assert (rows.result(3).rows, rows.result(3).is_cut) == (({"n": 0}, {"n": 1}), True)

    narrow = Rows(10, room=30)
    for _ in range(3):
        narrow.add({"n": "x" * 10})
    assert (len(narrow.result(3).rows), narrow.is_cut) == (1, True)


def test_a_value_is_cut_after_its_secrets_were_masked() -> None:
    """Otherwise half of one could be left at the cut."""
    secret = "a-secret-of-some-length"
    rows = Rows(1, Masker([secret]))
    rows.add({"n": "x " * 1_020 + secret + " y" * 4_500})
    said = str(rows.result(1).rows[0]["n"])
    assert "a-sec" not in said
    assert len(said) < 5_000


def test_a_nul_becomes_something_that_can_be_stored() -> None:
    rows = Rows(1)
    rows.add({"n": "a\0b", "j": {"k\0": "v\0" * 3_000}})
    assert "\0" not in str(rows.result(1).rows)
