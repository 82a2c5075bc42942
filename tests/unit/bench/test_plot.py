"""What the bench writes for programs, and for people to look at."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.plot import drawn
from bench.report import Line, Section, summarize, write_results

SVG = "{http://www.w3.org/2000/svg}"
SECTION = Section(
    "Forty <steps>",
    [
        Line("ours", summarize([80.0] * 3), "2.7 × floor"),
        Line("floor: 80 commits", summarize([20.0, 20.0, 40.0])),
        Line("costs", None, "44.5 transactions"),
    ],
)


def read() -> ET.Element:
    return ET.fromstring(drawn(SECTION))  # noqa: S314 it is our own


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    bars = read().findall(f"{SVG}rect")
    ours, floor = (float(bar.attrib["width"]) for bar in bars)
    assert abs(ours - 4 * floor) < 0.2
    assert [bar.attrib["class"] for bar in bars] == ["ours", "floor"]


def test_names_are_text_whatever_they_contain() -> None:
    found = read().find(f"{SVG}title")
    assert found is not None
    assert (found.text or "").startswith("Forty <steps>:")


def test_results_are_kept_by_section_and_line(tmp_path: Path) -> None:
    write_results([SECTION], tmp_path / "results.json")
    found = json.loads((tmp_path / "results.json").read_text())["milliseconds"]["Forty <steps>"]
    assert found["ours"] == {"count": 3, "p50": 80.0, "p95": 80.0, "p99": 80.0, "remark": "2.7 × floor"}
    assert found["costs"] == {"remark": "44.5 transactions"}
