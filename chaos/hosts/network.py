"""A switch with hosts on it. Cables can be pulled, and hosts hidden from each other: packets vanish, nobody is told."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chaos.hosts.namespaces import configure, inside, new_namespace

SWITCH, CARD = "switch", "eth0"
NETWORK = "10.77.0.0/24"
BENCH = "10.77.0.1"  # the bench's own address: Slack, the target and the load balancer are reached there
FIRST = 10  # the last number of the first host's address
NOWHERE = "02:00:00:00:00:01"  # a network card that does not exist


@dataclass(frozen=True)
class Host:
    """A host. `name`: also that of its cable, so 15 characters at most. `descriptor`: of its namespace."""

    name: str
    address: str
    descriptor: int

    @cached_property
    def namespace(self) -> Path:
        """The namespace, as any process finds it while the bench lives."""
        return Path(f"/proc/{os.getpid()}/fd/{self.descriptor}")

    def configure(self, commands: str) -> None:
        with inside(self.namespace):
            configure(commands)


class Network:
    """The hosts by name. The process must be in a namespace of its own, in which it may do as it likes."""

    def __init__(self, names: Sequence[str]) -> None:
        self.hosts = {
            name: Host(name, f"10.77.0.{number}", new_namespace()) for number, name in enumerate(names, FIRST)
        }
        mask = NETWORK.partition("/")[2]
        configure(
            f"link set lo up\nlink add {SWITCH} type bridge\n"
            f"address add {BENCH}/{mask} dev {SWITCH}\nlink set {SWITCH} up\n"
        )
        for host in self.hosts.values():
            configure(
                f"link add {host.name} type veth peer name {CARD} netns {host.namespace}\n"
                f"link set {host.name} master {SWITCH} up\n"
            )
            host.configure(
                f"link set lo up\naddress add {host.address}/{mask} dev {CARD}\nlink set {CARD} up\n"
            )

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def close(self) -> None:
        """Let the hosts go; their cables go with the last process in them."""
        for host in self.hosts.values():
            os.close(host.descriptor)

    def pull(self, name: str) -> None:
        """Pull the host's cable: it reaches nobody, and nobody reaches it."""
        configure(f"link set {name} down\n")

    def plug(self, name: str) -> None:
        configure(f"link set {name} up\n")

    def hide(self, name: str, other: str) -> None:
        """Let packets from the host to the other one vanish; everything else is reached as before."""
        self[name].configure(
            f"neighbour replace {self[other].address} lladdr {NOWHERE} dev {CARD} nud permanent\n"
        )

    def show(self, name: str, other: str) -> None:
        self[name].configure(f"neighbour del {self[other].address} dev {CARD}\n")


@contextmanager
def running_network(names: Sequence[str]) -> Iterator[Network]:
    network = Network(names)
    try:
        yield network
    finally:
        network.close()
