"""URLs of databases, which are secrets: no message repeats them."""

import pytest

from core.io.database_url import DatabaseUrl, parse_database_url


def test_all_parts() -> None:
    url = parse_database_url(
        "postgresql://us%40er:p%3Aw%2F@db.example:5433/shop?sslmode=verify-full&sslrootcert=/ca"
    )
    assert url == DatabaseUrl("postgresql", "db.example", 5433, "us@er", "p:w/", "shop", "verify-full", "/ca")
    assert "p:w/" not in repr(url)


@pytest.mark.parametrize(
    ("text", "kind", "port"),
    [
        ("postgres://u@h/d", "postgresql", 5432),
        ("postgresql+psycopg://u@h", "postgresql", 5432),
        ("mysql://u@h/d", "mariadb", 3306),
        ("mariadb://u@h:7/d", "mariadb", 7),
    ],
)
def test_kinds(text: str, kind: str, port: int) -> None:
    url = parse_database_url(text)
    assert (url.kind, url.port) == (kind, port)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("host=db password=hush", "its scheme is none of"),
        ("sqlite:///hush", "its scheme is none of"),
        ("postgresql:///hush", "exactly one host"),
        ("postgresql://u:hush@a,b/d", "exactly one host"),
        ("postgresql://u:hush@%2Fvar%2Frun/d", "exactly one host"),
        ("postgresql://u:hush@h:port/d", "it is not a URL"),
        ("postgresql://u:hush@[h/d", "it is not a URL"),
        ("postgresql://u:hush@h/d?hostaddr=10.0.0.1", "no options besides"),
        ("postgresql://u:hush@h/d?host=%2Ftmp", "no options besides"),
        ("postgresql://u:hush@h/d?service=x", "no options besides"),
        ("postgresql://u:hush@h/d?sslmode=hush", "its sslmode is none of"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse_database_url(text)
    assert "hush" not in str(refused.value)
