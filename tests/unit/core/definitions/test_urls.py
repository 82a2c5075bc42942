"""URLs with placeholders: where each is, and what it may insert."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.http_requests import Part, render_url, url_placeholders, why_misplaced
from core.definitions.secrets import SecretPlaces
from core.errors import ExpressionError
from core.execution.secrets import SecretScope
from core.values.destinations import Destinations

SECRETS = {
    "API": "https://api.example/v1",
    "ORIGIN": "https://api.example",
    "HOST": "api.example",
    "HOOK": "T0/B0/x+y",
    "FOLDER": "a/",
    "SCHEME": "https:",
    "SEARCH": "https://api.example/search?q=",
}


def render(url: str, **params: object) -> str:
    secrets = SecretScope(lambda name: (SECRETS[name], Destinations(name, ())))
    return render_url(url, {"params": params, "secrets": secrets}, ("url",))


@pytest.mark.parametrize(
    ("url", "value", "rendered"),
    [
        ("https://api.example/clusters/{{ params.x }}", "orders", "https://api.example/clusters/orders"),
        ("https://api.example/{{ params.x }}/on", "a b/ü?#", "https://api.example/a%20b%2F%C3%BC%3F%23/on"),
        ("https://api.example/{{ params.x }}", "x?drop=1", "https://api.example/x%3Fdrop%3D1"),
        ("https://api.example/{{ params.x }}", "a-b_c.d~e", "https://api.example/a-b_c.d~e"),
        ("https://api.example/{{ params.x }}", "%2e%2e", "https://api.example/%252e%252e"),
        (
            "https://api.example/a?q={{ params.x }}&r=1",
            "1&admin=true",
            "https://api.example/a?q=1%26admin%3Dtrue&r=1",
        ),
        ("https://api.example/a?q={{ params.x }}", "../x", "https://api.example/a?q=..%2Fx"),
        ("https://api.example?q={{ params.x }}", "", "https://api.example?q="),
        ("https://api.example/v{{ params.x }}", "", "https://api.example/v"),
        ("https://api.example/v{{ params.x }}", 7, "https://api.example/v7"),
        ("https://api.example/{{ params.x }}", "v1.2..3", "https://api.example/v1.2..3"),
        ("{{ secrets.API }}/{{ params.x }}", "a/b", "https://api.example/v1/a%2Fb"),
        ("https://{{ secrets.HOST }}:8443/{{ params.x }}", "a", "https://api.example:8443/a"),
        ("https://hooks.example/{{ secrets.HOOK }}", "", "https://hooks.example/T0/B0/x+y"),
        ("{{ secrets.SEARCH }}{{ params.x }}", "../a", "https://api.example/search?q=..%2Fa"),
        ('{{ "https://api.example" }}/{{ params.x }}', "a", "https://api.example/a"),
        ("https://api.example/fixed", "", "https://api.example/fixed"),
    ],
)
def test_a_value_is_one_part_of_a_path_or_a_query(url: str, value: object, rendered: str) -> None:
    assert render(url, x=value) == rendered


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("https://api.example/{{ params.x }}", "../admin"),
        ("https://api.example/{{ params.x }}/on", ".."),
        ("https://api.example/{{ params.x }}", "."),
        ("https://api.example/{{ params.x }}", ""),
        ("https://api.example/{{ params.x }}?a=1", ""),
        ("https://api.example/.{{ params.x }}/on", "."),
        ("https://api.example/%2e{{ params.x }}/on", "."),
        ("https://api.example/{{ params.x }}{{ params.x }}/on", "."),
        ("https://api.example/{{ params.x }};v=1", ".."),
        ("https://api.example/{{ params.x }}", "a\\..\\b"),
        ("https://api.example/{{ secrets.FOLDER }}{{ params.x }}", ".."),
    ],
)
def test_a_value_does_not_climb(url: str, value: str) -> None:
    with pytest.raises(ExpressionError, match=r"^url: "):
        render(url, x=value)


@pytest.mark.parametrize(
    "url",
    [
        "{{ params.x }}",
        " {{ params.x }}/a",
        "{{ params.x }}://api.example/",
        "https://{{ params.x }}/a",
        "https://{{ params.x }}.example/a",
        "https://api.example{{ params.x }}",
        "https://api.example:{{ params.x }}/",
        "https://{{ params.x }}@api.example/",
        "{{ secrets.ORIGIN }}{{ params.x }}/a",
        "{{ secrets.API + params.x }}/a",
        "https://{{ secrets.HOST }}{{ params.x }}/a",
        "https:/{{ params.x }}/a",
        '{{ "https:" }}//{{ params.x }}/a',
        '{{ "https" }}://{{ params.x }}/a',
        "{{ secrets.SCHEME }}//{{ params.x }}/a",
        "{{ secrets.SCHEME }}//{{ secrets.HOST }}{{ params.x }}/a",
        "https://a\\{{ params.x }}/a",
    ],
)
def test_a_value_does_not_choose_the_host(url: str) -> None:
    with pytest.raises(ExpressionError, match="would determine which host"):
        render(url, x="evil.example")


def test_a_secret_is_taken_for_a_host_where_it_is_not_known() -> None:
    [_, placed] = url_placeholders("{{ secrets.API }}{{ params.x }}/a")
    assert (placed.part, why_misplaced(placed) is None) == (Part.AUTHORITY, False)


def test_where_each_hole_stands() -> None:
    url = "https://{{ secrets.A }}/{{ params.b }}/c/{{ params.d }}?e={{ params.f }}#{{ params.g }}"
    assert [placed.part for placed in url_placeholders(url)] == [
        Part.AUTHORITY,
        Part.PATH,
        Part.PATH,
        Part.QUERY,
        Part.QUERY,
    ]


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@given(TEXT, TEXT)
def test_whatever_the_values_are_the_call_goes_where_it_was_written_to(one: str, other: str) -> None:
    try:
        rendered = render("https://api.example/a/{{ params.x }}/b?c={{ params.y }}", x=one, y=other)
    except ExpressionError:
        return
    parts = urlsplit(rendered)
    assert (parts.scheme, parts.netloc) == ("https", "api.example")
    assert [unquote(segment) for segment in parts.path.split("/")] == ["", "a", one, "b"]
    assert (parts.query.count("&"), unquote(parts.query), parts.fragment) == (0, f"c={other}", "")


def test_the_place_of_a_secret_stands_for_it() -> None:
    url = "{{ secrets.API }}/clusters/{{ params.value }}"
    shown = render_url(url, {"params": {"value": "a/b"}, "secrets": SecretPlaces()}, ("url",))
    assert shown == "{{ secrets.API }}/clusters/a%2Fb"
