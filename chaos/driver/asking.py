"""Request runs through Slack, through REST and as an agent, with repeated deliveries."""

from random import Random

from chaos.definitions import ALWAYS, LOCKED, REQUESTERS
from chaos.driver.agent import Agent
from chaos.driver.rest import Rest
from chaos.environment import GENERAL, Environment
from chaos.journal import Request
from chaos.step_definitions import TEAM

LOCKS = ("one", "two")
EXTRA = 1_000_000  # requests made by strikes are numbered from here
BY_AGENT = 0.15  # the share of the others that an agent proposes


class Asking:
    """Requests runs; the seed and a request's number determine everything about it."""

    def __init__(self, environment: Environment, seed: int) -> None:
        self._environment, self._seed = environment, seed
        self._rest, self._agent = Rest(environment), Agent(environment)

    def close(self) -> None:
        self._rest.close()
        self._agent.close()

    def open_incident(self, title: str, service: str) -> str:
        """Open an incident and return its id; repeated with one key until it is answered. Raises TimeoutError."""
        body = {"title": title, "team": TEAM, "severity": "high", "service": service}
        answer = self._rest.insist(REQUESTERS[0], "/api/incidents", body, key=f"incident-{title}")
        if answer is None or not answer.is_success:
            raise TimeoutError(f"The incident {title} could not be opened.")
        return str(answer.json()["incident"]["id"])

    def open_in_slack(self, title: str) -> None:
        self._environment.slack.say(REQUESTERS[1], GENERAL, f'/runbook incident open "{title}" team={TEAM}')

    def ask(self, number: int, incident: str, channel: str | None, runbook: str = "") -> None:
        """Request a run for the incident: as an agent or through Slack, if the seed says so, else through REST."""
        chance = Random(f"{self._seed}/request/{number}")
        chosen = runbook or chance.choice(ALWAYS)
        tag = f"r{self._seed}-{number}"
        by_slack = channel is not None and chance.random() < 0.5
        by_agent = number < EXTRA and Random(f"{self._seed}/agent/{number}").random() < BY_AGENT
        door = "agent" if by_agent else "slack" if by_slack else "rest"
        request = Request(tag, door, chosen)
        self._environment.journal.asked(request)
        parameters = {"tag": tag} | ({"lock": chance.choice(LOCKS)} if chosen == LOCKED else {})
        person = chance.choice(REQUESTERS)
        if by_agent:
            self._by_agent(request, incident, parameters, again=chance.random() < 0.3)
        elif by_slack and channel is not None:
            words = " ".join(f"{name}={value}" for name, value in parameters.items())
            self._environment.slack.say(person, channel, f"/runbook run {chosen} {words}")
        else:
            self._by_rest(request, incident, parameters, person, again=chance.random() < 0.3)

    def _by_agent(self, request: Request, incident: str, parameters: dict[str, str], *, again: bool) -> None:
        for _ in range(2 if again else 1):
            answer = self._agent.propose(incident, request.runbook, parameters, request.tag)
            if answer is not None and "run" in answer:
                self._environment.journal.answered(request.tag, str(answer["run"]["id"]))
            elif answer is not None:
                self._environment.journal.refused(request.tag)

    def _by_rest(
        self, request: Request, incident: str, parameters: dict[str, str], person: str, *, again: bool
    ) -> None:
        path, body = (
            f"/api/incidents/{incident}/runbooks/{request.runbook}/execute",
            {"parameters": parameters},
        )
        for _ in range(2 if again else 1):
            answer = self._rest.insist(person, path, body, key=request.tag)
            if answer is not None and answer.is_success:
                self._environment.journal.answered(request.tag, str(answer.json()["execution"]["id"]))
            elif answer is not None:
                self._environment.journal.refused(request.tag)
