"""Addresses with several hosts in one: `scheme://user:password@host:port,host:port/path?query`."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode


@dataclass(frozen=True)
class Host:
    """`name`: also an IPv6 address, without its brackets, or a socket's folder. `port`: empty where none is said."""

    name: str
    port: str = ""


@dataclass(frozen=True)
class ManyHosts:
    """The parts of such an address. `credentials`: percent-encoded, as they were; empty where there are none."""

    scheme: str
    credentials: str
    hosts: tuple[Host, ...]
    path: str
    query: tuple[tuple[str, str], ...]


def read_hosts(url: str) -> ManyHosts:
    """Raises ValueError for a port that is no number, and a bracket that is not closed."""
    scheme, _, rest = url.partition("://")
    address, _, query = rest.partition("?")
    place, slash, path = address.partition("/")
    credentials, _, hosts = place.rpartition("@")
    found = tuple(map(_host, hosts.split(","))) if hosts else ()
    return ManyHosts(
        scheme, credentials, found, slash + path, tuple(parse_qsl(query, keep_blank_values=True))
    )


def hosts_in_query(address: ManyHosts) -> tuple[Host, ...]:
    """PostgreSQL's `?host=a,b&port=5432,5433`; one port is every host's."""
    query = dict(address.query)
    names, ports = query.get("host", "").split(","), query.get("port", "").split(",")
    if len(ports) != len(names):
        ports = ports[:1] * len(names)
    return tuple(
        Host(name, port if port.isdigit() else "") for name, port in zip(names, ports, strict=True) if name
    )


def _host(text: str) -> Host:
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("a bracket is not closed")
        port = port.removeprefix(":")
    else:
        name, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("a port is no number of a port")
    return Host(unquote(name), port)


def in_the_query(url: str) -> str:
    """PostgreSQL's form with several hosts, as SQLAlchemy takes it: `?host=a,b&port=5432,5433`. Others as they are.

    Unless it says otherwise, the one of the hosts is meant that takes writes: `target_session_attrs=read-write`
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS).
    """
    read = read_hosts(url) if "," in url else None
    if read is None:
        return url
    query = dict(read.query)
    if len(read.hosts) > 1:
        query["host"] = ",".join(host.name for host in read.hosts)
        query["port"] = ",".join(host.port or "5432" for host in read.hosts)
    elif "," not in query.get("host", ""):
        return url
    query.setdefault("target_session_attrs", "read-write")
    single = read.hosts if len(read.hosts) == 1 else ()
    at = f"{read.credentials}@" if read.credentials else ""
    place = "".join(f"{quote(host.name)}{':' if host.port else ''}{host.port}" for host in single)
    return f"{read.scheme}://{at}{place}{read.path}?{urlencode(query, quote_via=quote)}"
