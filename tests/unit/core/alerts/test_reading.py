"""Parsing a webhook's body: which alerts of a long group are kept, and that hostile bodies take no time."""

import json
from typing import Any

import pytest

from core.alerts.reading import MOST_ALERTS, read_body
from core.definitions.json_text import MOST_NODES, count_nodes
from core.errors import InvalidInput


def alert(number: int, status: str = "firing", severity: str = "warning", **more: object) -> dict[str, Any]:
    return {"status": status, "labels": {"instance": f"db-{number}", "severity": severity}, **more}


def long(*alerts: dict[str, Any], **around: object) -> bytes:
    """A group with so many values that it is cut."""
    filler = [alert(number, values=list(range(30))) for number in range(2_000)]
    return json.dumps(
        {"before": {"alerts": [1]}, "alerts": [*filler, *alerts], "behind": "}", **around}
    ).encode()


def read(raw: bytes) -> dict[str, Any]:
    value = read_body(raw)
    assert isinstance(value, dict)
    return value


def instances(value: dict[str, Any]) -> list[str]:
    return [each["labels"]["instance"] for each in value["alerts"]]


def test_a_short_group_is_read_as_it_is() -> None:
    body = {"alerts": [alert(1), alert(2, "resolved")], "status": "firing"}

    assert read(json.dumps(body).encode()) == body


def test_of_a_long_one_the_worst_that_fire_are_kept_and_the_others_counted() -> None:
    value = read(
        long(
            alert(9_001, severity="critical"),
            alert(9_002, "resolved", "critical"),
            alert(9_003, severity="info"),
        )
    )

    kept = instances(value)
    assert "db-9001" in kept
    assert not {"db-9002", "db-9003"} & set(kept)
    assert kept == sorted(kept, key=lambda name: int(name[3:]))  # in the order in which they came
    assert value["leftOut"] == {"firing": 2_002 - len(kept), "resolved": 1}
    assert (value["before"], value["behind"]) == ({"alerts": [1]}, "}")


def test_an_alert_that_is_large_by_itself_is_counted() -> None:
    value = read(long(alert(9_001, severity="critical", annotations={"log": "x" * 70_000})))

    assert "db-9001" not in instances(value)


@pytest.mark.parametrize(
    "tricky",
    ['"alerts": [', '\\"alerts\\": [', "]}", "[[[[", "\\", '"', "{}{}"],
)
def test_what_stands_in_a_text_is_no_bracket(tricky: str) -> None:
    raw = long(alert(9_001, severity="critical", annotations={tricky: tricky}), before=tricky)

    assert read(raw)["alerts"][-1]["annotations"] == {tricky: tricky}


@pytest.mark.parametrize("around", ["\n  ", " ", "\t"])
def test_white_space_does_not_matter(around: str) -> None:
    raw = long(alert(9_001, severity="critical")).replace(
        b'"alerts": [{', f'"alerts"{around}:{around}[{around}{{'.encode()
    )

    assert instances(read(raw))[-1] == "db-9001"


HOSTILE = {
    "one list after the other": b"[" * 8_000_000,
    "lists for alerts": b'{"alerts":[' + b"[]," * 2_600_000 + b"[]]}",
    "empty alerts": b'{"alerts":[' + b"{}," * 2_600_000 + b"{}]}",
    "too many alerts": b'{"alerts":[' + b'{"a":0,"b":0},' * (MOST_ALERTS + 1) + b"{}]}",
    "a wide label": b'{"commonLabels":[' + b"1," * 4_000_000 + b'1],"alerts":[{}]}',
    "a wide list beside a wide alert": b'{"x":['
    + b"1," * 60_000
    + b'1],"alerts":[{"a":['
    + b"1," * 60_000
    + b"1]}]}",
    "deep alerts": b'{"alerts":[' + b'{"a":' * 90 + b"1" + b"}" * 90 + b",1" * 60_000 + b"]}",
    "texts alone": b'"' * 8_000_000,
    "an open text": b'{"alerts":["' + b'\\"' * 4_000_000,
    "a number": b'{"alerts":[' + b"9" * 5_000 + b"]}",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_no_vendor_sends_is_refused(what: str) -> None:
    with pytest.raises(InvalidInput, match=r"more than|too many digits|deeper than|not JSON"):
        read_body(HOSTILE[what])


def test_what_is_kept_is_never_more_than_any_other_body_may_have() -> None:
    value = read(b'{"alerts":[' + b"1," * 4_000_000 + b'{"status":"firing"}]}')

    assert value["alerts"] == [{"status": "firing"}]
    assert count_nodes(json.dumps(read(long())).encode()) <= MOST_NODES
