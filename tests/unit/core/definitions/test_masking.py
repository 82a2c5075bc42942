"""Masking: no form of a secret gets through, and nothing else is touched."""

import base64
import html
import json
import string
import time
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.masking import MASK, Masker

SECRET = "p@ss \"w/ö\\rd\n& +<x>'😀"
FORMS: dict[str, Callable[[str], str]] = {
    "raw": lambda text: text,
    "json": json.dumps,
    "json unicode": lambda text: json.dumps(text, ensure_ascii=False),
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "json slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "json upper hex": lambda text: json.dumps(text).replace("\\u00f6", "\\u00F6"),
    "url": lambda text: urllib.parse.quote(text, safe=""),
    "url path": urllib.parse.quote,
    "url form": urllib.parse.quote_plus,
    "url lower": lambda text: urllib.parse.quote(text, safe="").lower(),
    "html": html.escape,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 bare": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64 in a url": lambda text: urllib.parse.quote(base64.b64encode(text.encode()).decode(), safe=""),
    "base64 in json": lambda text: json.dumps(base64.b64encode(text.encode()).decode()).replace("/", "\\/"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_hidden(form: str) -> None:
    assert Masker([SECRET]).mask(f"<{FORMS[form](SECRET)}>").strip('<">\\') == MASK


@pytest.mark.parametrize("before", ["", "u", "us", "user:", "é"])
@pytest.mark.parametrize("after", ["", "x", "xy", "xyz"])
def test_base64_of_a_text_around_the_secret_is_hidden_at_every_alignment(before: str, after: str) -> None:
    secret = "hunter2-of-the-database"
    encoded = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    masked = Masker([secret]).mask(encoded)
    assert MASK in masked
    left = masked.split(MASK)
    # What is left decodes to no more than what stood around the secret.
    assert len(left[0]) <= -(-len(before.encode()) * 8 // 6)
    assert len(left[1].rstrip("=")) <= -(-len(after) * 8 // 6)


def test_wrapped_base64_is_hidden() -> None:
    secret = "k" * 20 + "".join(string.ascii_letters)
    assert Masker([secret]).mask(base64.encodebytes((secret * 3).encode()).decode()).strip("\n") == MASK * 3


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=20)


@given(TEXTS, st.sampled_from(sorted(set(FORMS) - {"url lower", "json upper hex"})))
def test_no_form_of_any_secret_gets_through(secret: str, form: str) -> None:
    shown = FORMS[form](secret)
    assert (
        shown.strip('"\\') not in Masker([secret]).mask(f"<<{shown}>>") or shown.strip('"\\') in f"<<{MASK}>>"
    )


@given(st.text(alphabet="abc ", max_size=60))
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert Masker(["hunter2", "xyz1"]).mask(text) == text


def test_a_secret_that_begins_another_leaves_no_rest() -> None:
    assert Masker(["hunter", "hunter2-long"]).mask("hunter2-long hunter") == "*** ***"


def test_a_short_secret_is_hidden_only_where_it_stands_alone() -> None:
    assert Masker(["ab"]).mask("ab cab ab. fabric pin=ab") == "*** cab ***. fabric pin=***"


def test_no_secret_and_an_empty_one_hide_nothing() -> None:
    assert Masker([]).mask("text") == "text"
    assert Masker([""]).mask("text") == "text"


def test_each_long_line_of_a_secret_is_hidden_by_itself() -> None:
    masker = Masker(["-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nshort\n-----END KEY-----"])
    assert masker.mask("line: MIIEvQIBADANBgkqhkiG, short") == "line: ***, short"


def test_values_are_masked_in_depth_keys_and_numbers_too() -> None:
    value = {"a": ["x hunter2", {"hunter2": None}], "n": 48151623, "m": 1, "b": True}
    assert Masker(["hunter2", "48151623"]).mask_value(value) == {  # type: ignore[arg-type]
        "a": ["x ***", {"***": None}],
        "n": "***",
        "m": 1,
        "b": True,
    }


@pytest.mark.parametrize(
    "secret", ["\\" * 30 + "x" + "\\" * 30, "abcd", '\\"\\"\\"\\"\\"\\"', "\\\n\\\n\\\n"]
)
@pytest.mark.parametrize(
    "text", ["\\" * 20_000, '\\\\\\"' * 10_000, "\\\\\\n" * 10_000, "%5c" * 10_000, "\\u005c" * 10_000]
)
def test_backslashes_do_not_make_the_search_explode(secret: str, text: str) -> None:
    started = time.monotonic()
    Masker([secret]).mask(text + "!")
    assert time.monotonic() - started < 2


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


LONG = "correct horse battery staple: " + "".join(chr(97 + i * i % 26) for i in range(1_500))
SPACED = "correct horse battery staple"
WAYS: dict[str, Callable[[str], str]] = {
    "hex": lambda text: text.encode().hex(),
    "hex upper": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with spaces": lambda text: text.encode().hex(" "),
    "hex as C": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
    "hex as Python": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "base64 twice": lambda text: b64(b64(text)),
    "base64 twice, neither at its start": lambda text: b64("user:" + b64("x" + text + "yz")),
    "base64 of hex": lambda text: b64(text.encode().hex()),
    "base64 of JSON": lambda text: b64(json.dumps({"a": text})),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "UTF-16 read as UTF-8": lambda text: text.encode("utf-16").decode("utf-8", "replace"),
    "URL twice": lambda text: urllib.parse.quote(urllib.parse.quote(text, safe=""), safe=""),
    "URL, every sign": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "JSON, every sign": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "HTML, every sign": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "HTML in JSON": lambda text: json.dumps(html.escape(text)),
    "wrapped": lambda text: "\n".join(text[at : at + 10] for at in range(0, len(text), 10)),
    "spaced": " ".join,
}


@pytest.mark.parametrize("secret", [SPACED, LONG, "tok-0f83kd93"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_it_is_hidden(way: str, secret: str) -> None:
    masked = Masker([secret]).mask(f"before <{WAYS[way](secret)}> after")
    assert masked.startswith("before")
    assert masked.endswith("> after")
    assert len(masked) < len("before <***> after") + 24  # what stood around it in the base64 is no secret
    assert MASK in masked


@pytest.mark.parametrize("cut", range(1, len(SPACED)))
def test_of_a_secret_that_was_cut_the_larger_part_is_hidden(cut: int) -> None:
    masked = Masker([SPACED]).mask(f"{SPACED[:cut]}\n--- the rest is in the next file ---\n{SPACED[cut:]}")
    assert max(map(len, (SPACED[:cut], SPACED[cut:]))) >= len(SPACED) // 2
    for part in (SPACED[:cut], SPACED[cut:]):
        assert len(part) < len(SPACED) // 2 or part not in masked


@pytest.mark.parametrize("cut", range(1, len(SPACED)))
def test_a_secret_that_is_split_over_texts_next_to_each_other_is_hidden_whole(cut: int) -> None:
    hidden = Masker([SPACED]).mask_value(
        {"stdout": f"out {SPACED[:cut]}", "stderr": [SPACED[cut:] + " err", 7]}
    )
    assert hidden == {"stdout": "out ***", "stderr": ["*** err", 7]}


def test_of_an_address_its_private_parts_are_hidden_and_its_host_alone_is_not() -> None:
    masker = Masker(["https://ops:s3cr3t@hooks.example/services/T0/B0/abcdef"])
    assert masker.mask("GET /services/T0/B0/abcdef to https://hooks.example, s3cr3t") == (
        "GET *** to https://hooks.example, ***"
    )


def test_our_own_tokens_are_hidden_without_being_known() -> None:
    assert Masker([]).mask("token rbt_0123456789abcdef0123 is") == "token *** is"


@pytest.mark.parametrize("size", [16_384, 1_000_000])
def test_a_large_text_takes_no_long_time(size: int) -> None:
    masker = Masker([*(f"the {n}th secret of them all" for n in range(50)), LONG])
    for text in (
        "words and words ",
        "QUJDREVGR0hJ",
        "6162636465",
        "%41",
        '\\"',
        "the 1th secret ",
        SPACED[:9],
    ):
        started = time.process_time()
        masker.mask(text * (size // len(text)))
        assert time.process_time() - started < 1.0 + size / 250_000
