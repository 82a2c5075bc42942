"""What looks like text in decoded bytes."""

import re

from hypothesis import given
from hypothesis import strategies as st

from core.definitions.needles import APART, View, readable_runs

# As a reader would write it, and as no large text could be searched.
TEXT = re.compile(rb"[\t\r\n -~]{8,}|(?:[ -~]\0){4,}|(?:\0[ -~]){4,}")
BYTES = st.lists(
    st.sampled_from([b"a", b"b7 ", b"\0", b"\0\0", b"\0" * 9, b"\n", b"\x07", b"\xff", b"c\0" * 4]),
    max_size=40,
)


@given(BYTES)
def test_the_runs_are_those_that_look_like_text(parts: list[bytes]) -> None:
    data = b"".join(parts)
    runs = [match.span() for match in TEXT.finditer(data)]
    found = readable_runs(View(data))

    if found is None:
        assert runs == []
        return
    assert found.data == b"".join(data[start:end].replace(b"\0", b"") + APART for start, end in runs)
    first = len(data[slice(*runs[0])].replace(b"\0", b""))
    assert found.origin((0, first)) == runs[0]
