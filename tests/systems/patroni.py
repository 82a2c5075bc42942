"""Patroni's REST API, as far as a failover needs it: https://patroni.readthedocs.io/en/latest/rest_api.html."""

from dataclasses import dataclass, field
from typing import Any

from tests.systems.play import NOT_FOUND, Answer, Call, Play


@dataclass
class Patroni(Play):
    """A cluster. `leader`: None if there is none. `electing`: how many looks at the cluster still show none."""

    leader: str | None = "pg-1"
    names: list[str] = field(default_factory=lambda: ["pg-1", "pg-2", "pg-3"])
    basic_auth: str = ""
    timeline: int = 5
    electing: int = 0

    def answer(self, call: Call) -> Answer:
        if (call.method, call.path) == ("GET", "/cluster"):
            return Answer(200, {"members": [self._member(name) for name in self.names], "scope": "orders"})
        if call.method != "POST" or call.path not in ("/switchover", "/failover"):
            return NOT_FOUND
        if call.headers.get("authorization") != f"Basic {self.basic_auth}":
            return Answer(401, "no auth header received", {"WWW-Authenticate": 'Basic realm="patroni"'})
        if call.path == "/switchover":
            return self._switch(call.json.get("leader"), call.json.get("candidate"))
        return self._promote(call.json.get("candidate"), "failed over")

    def _switch(self, leader: str | None, candidate: str | None) -> Answer:
        if leader is None:
            return Answer(400, "Switchover could be performed only from a specific leader")
        if leader != self.leader:
            return Answer(412, "leader name does not match")
        return self._promote(candidate, "switched over")

    def _promote(self, candidate: str | None, did: str) -> Answer:
        if candidate not in self.names or candidate == self.leader:
            return Answer(412, "candidate does not exist")
        self.leader, self.timeline, self.electing = candidate, self.timeline + 1, 2
        return Answer(200, f'Successfully {did} to "{candidate}"')

    def _member(self, name: str) -> dict[str, Any]:
        if name == self.leader and not self.electing:
            return {"name": name, "role": "leader", "state": "running", "timeline": self.timeline}
        self.electing = max(0, self.electing - (name == self.leader))
        member = {"name": name, "role": "replica", "state": "streaming", "timeline": self.timeline, "lag": 0}
        return member if self.leader else member | {"state": "running", "lag": 1024}
