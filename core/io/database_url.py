"""The URL of a database, as steps are given it: `postgresql://user:password@host:5432/name?sslmode=verify-full`."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Kind = Literal["postgresql", "mariadb"]
SCHEMES: dict[str, tuple[Kind, int]] = {
    "postgresql": ("postgresql", 5432),
    "postgres": ("postgresql", 5432),
    "mariadb": ("mariadb", 3306),
    "mysql": ("mariadb", 3306),
}
SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
OPTIONS = ("sslmode", "sslrootcert")


@dataclass(frozen=True)
class DatabaseUrl:
    """Where a database is, and how to log in. `sslmode` and `sslrootcert` mean what they mean in libpq, everywhere:
    https://www.postgresql.org/docs/current/libpq-connect.html
    """

    kind: Kind
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str = ""
    sslmode: str = "prefer"
    sslrootcert: str | None = None


def parse_database_url(text: str) -> DatabaseUrl:
    """Return the parts. Raises ValueError; its message has nothing of the URL, which is a secret."""
    try:
        url = urlsplit(text.strip())
        port, host = url.port, url.hostname
    except ValueError:
        raise ValueError("it is not a URL") from None
    scheme = url.scheme.partition("+")[0]
    if scheme not in SCHEMES:
        raise ValueError(f"its scheme is none of {', '.join(SCHEMES)}")
    if not host or "," in host or "/" in unquote(host):
        raise ValueError("it must name exactly one host")
    kind, usual = SCHEMES[scheme]
    options = dict(parse_qsl(url.query, keep_blank_values=True))
    _check_options(options)
    return DatabaseUrl(
        kind,
        host,
        port or usual,
        unquote(url.username or ""),
        unquote(url.password or ""),
        unquote(url.path.removeprefix("/")),
        options.get("sslmode", "prefer"),
        options.get("sslrootcert"),
    )


def _check_options(options: dict[str, str]) -> None:
    """Raise ValueError for any option but these: others of libpq could name another host, or files of this machine."""
    if options.keys() - set(OPTIONS):
        raise ValueError(f"it may have no options besides {' and '.join(OPTIONS)}")
    if options.get("sslmode", "prefer") not in SSL_MODES:
        raise ValueError(f"its sslmode is none of {', '.join(SSL_MODES)}")
