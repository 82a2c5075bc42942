"""The environment on many hosts: two for web, four for workers, one each for PostgreSQL and Redis."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from chaos.environment import Environment, await_answer, fill, running_sandbox, variables
from chaos.forkserver import HURRY, NAMESPACE
from chaos.hosts.namespaces import inside
from chaos.hosts.network import BENCH, Host, Network, running_network
from chaos.hosts.servers import postgres_on, postgres_url, valkey_on, valkey_url
from chaos.journal import Journal
from chaos.load_balancer import LoadBalancer
from chaos.process_group import CONCURRENCY, Member, ProcessGroup
from chaos.slack import SlackPeople
from chaos.target import Target
from chaos.watching import HOST as LOOPBACK
from core.settings import Settings

WEBS, WORKERS = ("web-1", "web-2"), ("worker-1", "worker-2", "worker-3", "worker-4")
DATABASE, REDIS = "postgres", "redis"
WEB_PORT = 8000
SPREAD = ("web", "poster", "clock")  # what runs on each host for web


@dataclass(frozen=True)
class Hosts:
    """The hosts, and what runs on them. `members`: the names of a host's processes."""

    environment: Environment
    network: Network
    members: Mapping[str, Sequence[str]]

    def web(self, host: str) -> str:
        """Return the address at which a host's web answers."""
        return f"http://{self.network[host].address}:{WEB_PORT}"

    def pids(self, host: str) -> frozenset[int]:
        group = self.environment.process_group
        return frozenset(group.pid(name) for name in self.members[host])


def members_of(host: str, processes: int) -> list[str]:
    """Return the names of the processes of a host. `processes`: how many a host for workers has."""
    kind, _, number = host.partition("-")
    if kind == "worker":
        return [f"worker-{number}.{each}" for each in range(1, processes + 1)]
    return [f"{each}-{number}" for each in SPREAD]


@contextmanager
def open_hosts(folder: Path, processes: int, hurry: float, without: str = "") -> Iterator[Hosts]:
    """Yield hosts that are started, filled and answering.

    `processes`: how many a host for workers has. `without`: the guards that are switched off.
    """
    with ExitStack() as stack:
        network = stack.enter_context(running_network((DATABASE, REDIS, *WEBS, *WORKERS)))
        database = stack.enter_context(postgres_on(network[DATABASE], folder / "services"))
        redis = stack.enter_context(valkey_on(network[REDIS], folder / "services"))
        webs = [(network[host].address, WEB_PORT) for host in WEBS]
        balancer = stack.enter_context(LoadBalancer(webs))
        target = stack.enter_context(Target())
        sandbox = stack.enter_context(running_sandbox(folder, balancer.url))
        slack_port, target_port = (stack.enter_context(_shown(url)).port for url in (sandbox, target.url))
        for host in WEBS:
            stack.enter_context(_slack_on(network[host], sandbox, slack_port))
        services = postgres_url(database, network[DATABASE]), valkey_url(redis, network[REDIS])
        outside = sandbox, f"http://{BENCH}:{target_port}"
        settings = variables(folder, services, outside, without) | {HURRY: str(hurry), CONCURRENCY: "1"}
        direct = {"DATABASE_URL": database.service_url, "DATABASE_OWNER_URL": database.url}
        tokens = fill({**settings, **direct})
        members = {host: members_of(host, processes) for host in (*WEBS, *WORKERS)}
        journal = Journal()
        group = ProcessGroup(list(_members(members, network, settings)), folder, journal.died)
        slack = SlackPeople(sandbox)
        stack.callback(slack.close)
        group.start()
        stack.callback(group.stop)
        addresses = [f"http://{address}:{port}" for address, port in webs]
        for address in addresses:
            await_answer(f"{address}/readyz")
        environment = Environment(
            folder,
            database,
            redis,
            target,
            slack,
            balancer,
            addresses,
            tokens,
            group,
            journal,
            Settings.from_environment({**settings, **direct}),
        )
        yield Hosts(environment, network, members)


def _shown(url: str) -> LoadBalancer:
    """Show the hosts what listens on the bench's loopback."""
    return LoadBalancer([(LOOPBACK, _port(url))], BENCH)


@contextmanager
def _slack_on(host: Host, sandbox: str, port: int) -> Iterator[None]:
    """Show the sandbox at its own address on the host's loopback, the only one that it answers at.

    What comes there leaves through the host's cable, like everything else of that host.
    """
    with inside(host.namespace):
        forwarder = LoadBalancer([(BENCH, port)], LOOPBACK, _port(sandbox))
        forwarder.__enter__()
    try:
        yield
    finally:
        forwarder.__exit__(None, None, None)


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def _members(
    members: Mapping[str, Sequence[str]], network: Network, settings: Mapping[str, str]
) -> Iterator[Member]:
    for host, names in members.items():
        here = {
            NAMESPACE: str(network[host].namespace),
            "HOST": network[host].address,
            "PORT": str(WEB_PORT),
        }
        yield from (Member(name, name.partition("-")[0], {**settings, **here}) for name in names)
