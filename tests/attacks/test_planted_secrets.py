"""More than a thousand ways in which a secret could leak through the real executor: it must be visible nowhere.

Planted are secrets of many shapes (with spaces, long, several lines, escapes, an address, our own credentials), each in
many encodings, through every carrier: bodies, headers, errors, outputs of commands, callbacks, what is saved, and at
cuts and chunk borders. Then the database, the log, REST, the run's page and the rendered cards are searched.
"""

import base64
import html
import json
import logging
import string
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.cards.detail import detail
from bot.cards.headline import headline
from bot.cards.outcome import outcome
from core.callbacks import CallbackLinks
from core.services.runs.callbacks import receive_callback
from tests.attacks.deployment import DATA_OPS, PLATFORM, Deployment
from tests.attacks.secrets_world import everything, listening
from tests.world import new_executor

LEAST = 1_000
CUT = 16_384
WINDOW = 16
ALPHANUMERIC = (string.ascii_letters + string.digits).encode()
CALLBACKS = CallbackLinks("https://runbooks.example", "the signing secret")

SHAPES: dict[str, str] = {
    "SPACED": "correct horse battery staple 4711",
    "PLAIN": "tk-9f8e7d6c5b4a3210",
    "LONG": "loong " + "".join(chr(97 + (i * i + 3 * i) % 26) for i in range(1_500)),
    "SIGNS": "pa$$ \"w/örd\\ & <x> + 100%'s",
    "LINES": "-----BEGIN KEY-----\n" + "\n".join(f"MII{i}vQIBADANBgkqh{i}kiG9w0BAQEF{i}" for i in range(9)),
    # its key is no run of the alphabet: in hexadecimal that is 61626364…, as numbers of rows are that follow each other
    "ADDRESS": "https://ops:s3cr3t-pw@hooks.example/services/T0AB/B0CD/xyzzy-plugh?key=qzx7mvk2ptwe",
}
OWN_NAMES = ("BOT", "SIGNING", "DATABASE")
OWN = ("xoxb-0815-bot-token-of-ours", "0123signing456secret789", "db-pass/word:4711")


def b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": b64,
    "base64url": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "base64 within": lambda value: b64(f"user:{value}:x"),
    "base64 twice": lambda value: b64(b64(value)),
    "base64 twice within": lambda value: b64("a" + b64(f"bc{value}d") + "e"),
    "base64 in lines": lambda value: base64.encodebytes(value.encode()).decode(),
    "base64 of UTF-16": lambda value: b64(value.encode("utf-16-le")),
    "hex": lambda value: value.encode().hex(),
    "hex upper": lambda value: value.encode().hex().upper(),
    "hex colons": lambda value: value.encode().hex(":"),
    "hex spaces": lambda value: value.encode().hex(" "),
    "hex of C": lambda value: ", ".join(f"0x{byte:02x}" for byte in value.encode()),
    "URL": lambda value: urllib.parse.quote(value, safe=""),
    "URL form": urllib.parse.quote_plus,
    "URL twice": lambda value: urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
    "URL whole": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "JSON": json.dumps,
    "JSON twice": lambda value: json.dumps(json.dumps(value)),
    "JSON whole": lambda value: "".join(f"\\u{ord(sign):04x}" for sign in value),
    "HTML": html.escape,
    "HTML whole": lambda value: "".join(f"&#x{ord(sign):x};" for sign in value),
    "UTF-16": lambda value: value.encode("utf-16-be").decode("utf-8", "replace").replace("\0", "\ufffd"),
    "in lines": lambda value: "\n".join(value[at : at + 12] for at in range(0, len(value), 12)),
}


@dataclass(frozen=True)
class Planted:
    """One way: which secret, how it is encoded, through what it comes back."""

    name: str
    encoding: str
    carrier: str

    @property
    def value(self) -> str:
        return {**SHAPES, **dict(zip(OWN_NAMES, OWN, strict=True))}[self.name]

    @property
    def text(self) -> str:
        return ENCODINGS[self.encoding](self.value)


NAMES = (*SHAPES, *OWN_NAMES)
ANSWERS = ("body", "body that fails", "json saved", "split", "header")


def in_answers() -> list[Planted]:
    """By what another system answers; headers take one line of ASCII."""
    planted = [
        Planted(name, encoding, carrier) for name in SHAPES for encoding in ENCODINGS for carrier in ANSWERS
    ]
    planted += [Planted(name, encoding, "json key") for name in ("SPACED", "SIGNS") for encoding in ENCODINGS]
    planted += [Planted(name, encoding, "json saved") for name in OWN_NAMES for encoding in ENCODINGS]
    planted += [
        Planted(name, encoding, cut)
        for name in SHAPES
        for encoding in list(ENCODINGS)[::2]
        for cut in ("cut of head", "cut of tail")
    ]
    return [each for each in planted if each.carrier != "header" or fits_header(each.text)]


def fits_header(text: str) -> bool:
    return text.isascii() and text.isprintable() and len(text) < 8_000


def in_commands() -> list[Planted]:
    """By what a command prints."""
    few = ("raw", "base64 within", "hex spaces", "JSON", "in lines")
    return [Planted(name, encoding, "command") for name in NAMES for encoding in few]


def in_callbacks() -> list[Planted]:
    return [
        Planted(name, encoding, "callback") for name in ("SPACED", "LONG", "SIGNS") for encoding in ENCODINGS
    ]


def answer_of(planted: Planted) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body."""
    text, half = planted.text, len(planted.text) // 2
    wrapped = f"before {text} after".encode()
    match planted.carrier:
        case "header":
            return 200, {"X-Echo": f"before {text}"}, b"{}"
        case "json saved":
            return 200, {}, json.dumps({"deep": [{"text": f"<{text}>"}, text]}).encode()
        case "json key":
            return 200, {}, json.dumps({"deep": [{"text": {f"<{text}>": 1}}, 2]}).encode()
        case "split":
            return (
                200,
                {},
                json.dumps({"deep": [{"text": text[:half]}, text[half:]]}, ensure_ascii=False).encode(),
            )
        case "cut of head":
            return 200, {}, b"." * (CUT - 1 - len(text.encode()) // 2) + b" " + wrapped + b" ." * CUT
        case "cut of tail":
            tail = b" ." * ((CUT - len(text.encode()) // 2) // 2)
            return 200, {}, b". " * CUT + wrapped + tail
        case "body that fails":
            return 500, {}, wrapped
    return 200, {}, wrapped


def steps_of(batch: list[Planted], url: str) -> Iterator[dict[str, Any]]:
    for index, planted in enumerate(batch):
        step: dict[str, Any] = {
            "id": f"s{index}",
            "type": "http",
            "url": f"{url}/{index}",
            "on_failure": "continue",
        }
        if planted.carrier in ("json saved", "json key", "split"):
            step["save"] = {"deep": "response.json.deep", "text": "response.text"}
        if planted.carrier == "header":
            step["save"] = {"echo": "response.headers['x-echo']"}
        yield step


def run_batch(deployment: Deployment, batch: list[Planted], number: int, steps: list[dict[str, Any]]) -> str:
    document = {"kind": "runbook", "name": f"batch-{number}", "team": "data", "steps": steps}
    deployment.apply(json.dumps(document))
    incident = deployment.incident("data", slack_channel=f"C0BATCH{number}")
    answer = deployment.rest(DATA_OPS).post(
        f"/api/incidents/{incident.id}/runbooks/batch-{number}/execute", json={}
    )
    assert answer.status_code == 201, answer.text
    deployment.work()
    execution = str(answer.json()["execution"]["id"])
    assert len(deployment.see(execution).steps) >= len(batch)
    return execution


Tidy = Callable[[str], str]


class Search:
    """Finds a stretch of 31 signs of what is planted, half or more where that is short, as it is and tight."""

    def __init__(self, planted: list[Planted]) -> None:
        self._long: dict[Tidy, dict[str, str]] = {str: {}, tight: {}}
        self._short: dict[Tidy, dict[bytes, str]] = {str: {}, tight: {}}
        for tidy in (str, tight):
            for text, name in {each.text: f"{each.name} as {each.encoding}" for each in planted}.items():
                self._add(tidy, tidy(text), name)

    def _add(self, tidy: Tidy, encoded: str, name: str) -> None:
        if len(encoded) > 3 * WINDOW:
            self._long[tidy] |= dict.fromkeys(stretches(encoded, WINDOW), name)
        else:
            short = map(in_bytes, stretches(encoded, len(encoded) // 2 + 1))
            self._short[tidy] |= dict.fromkeys(short, name)

    def found_in(self, text: str) -> set[str]:
        found: set[str] = set()
        for tidy, long in self._long.items():
            shown = tidy(text)
            windows = (shown[at : at + WINDOW] for at in range(0, len(shown), WINDOW))
            found |= {long[window] for window in windows if window in long}
            data = in_bytes(shown)
            words = set(words_of(data))
            short = self._short[tidy].items()
            found |= {name for each, name in short if may_be_in(words, each) and each in data}
        return found


def stretches(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))


def in_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def words_of(data: bytes) -> memoryview:
    """Every fourth group of four bytes: all large stretches have one that begins at their first to fourth byte."""
    return memoryview(data[: len(data) & ~3]).cast("I")


def may_be_in(words: set[int], stretch: bytes) -> bool:
    """Whether words of a text allow that the stretch is there."""
    return len(stretch) < 7 or any(words_of(stretch[at : at + 4])[0] in words for at in range(4))


def tight(text: str) -> str:
    """Letters and digits alone, line breaks as JSON writes them aside."""
    tidy = text.replace("\\\\n", "").replace("\\n", "").encode("ascii", "ignore")
    return tidy.translate(None, bytes(set(range(256)) - set(ALPHANUMERIC))).decode()


def all_that_people_see(deployment: Deployment, executions: list[str], logged: str) -> dict[str, str]:
    rest = deployment.rest(DATA_OPS)
    seen = {"database": everything(deployment), "log": logged, "rest": "", "page": "", "cards": ""}
    seen["audit"] = deployment.rest(PLATFORM).get("/api/audit?limit=200").text
    for execution in executions:
        seen["rest"] += json.dumps(
            rest.get(f"/api/runbooks/executions/{execution}").json(), ensure_ascii=False
        )
        seen["page"] += html.unescape(rest.get(f"/runs/{execution}").text)
        view = deployment.see(execution)
        cards = [
            headline(view, now=datetime.now(UTC)),
            outcome(view),
            *(detail(view, [step]) for step in view.steps),
        ]
        seen["cards"] += html.unescape("".join(map(str, cards)))
    return seen


@pytest.mark.timeout(600)
def test_a_thousand_planted_secrets_are_seen_nowhere(
    deployment: Deployment,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """red before: 16 KB cuts, hexadecimal, double base64, halves, long ones and our own credentials stood there."""
    caplog.set_level(logging.WARNING)  # as our processes have it
    answers, commands, callbacks = in_answers(), in_commands(), in_callbacks()
    assert len(answers) + len(commands) + len(callbacks) >= LEAST
    executions: list[str] = []
    with listening() as listener:
        deployment.executor = new_executor(
            deployment.unit_of_work,
            secrets=SHAPES,
            own=OWN,
            callbacks=CALLBACKS,
        )
        for number, start in enumerate(range(0, len(answers), 200)):
            batch = answers[start : start + 200]
            listener.answers = {f"/{index}": answer_of(planted) for index, planted in enumerate(batch)}
            executions.append(run_batch(deployment, batch, number, list(steps_of(batch, listener.url))))
    executions.append(run_batch(deployment, commands, 900, list(commands_of(commands, tmp_path))))
    executions.append(run_callbacks(deployment, callbacks))
    logged = "".join(capfd.readouterr()) + caplog.text
    seen = all_that_people_see(deployment, executions, logged)
    planted = [*answers, *commands, *callbacks]
    search = Search(planted)
    texts = {each.text for each in planted}
    assert all(search.found_in(f"<{text}>") for text in texts), "the search finds them where they are"
    found = {place: search.found_in(text) for place, text in seen.items()}
    with capfd.disabled():
        print(f" {len(planted)} planted secrets, {len(set().union(*found.values()))} visible ", end="")
    assert not any(found.values()), {place: sorted(each)[:5] for place, each in found.items()}
    assert all("***" in seen[place] for place in ("database", "rest", "page"))


def commands_of(batch: list[Planted], folder: Path) -> Iterator[dict[str, Any]]:
    """Each prints what stands in a file, in two pieces, and once more to its errors; every third one fails."""
    for index, planted in enumerate(batch):
        file, half = folder / str(index), len(planted.text.encode()) // 2
        file.write_bytes(planted.text.encode())
        script = f"head -c {half} {file}; sleep 0.02; tail -c +{half + 1} {file}; cat {file} >&2; exit {index % 3 // 2}"
        yield {
            "id": f"s{index}",
            "type": "shell",
            "argv": ["sh", "-c", script],
            "on_failure": "continue",
            "save": {"both": "result.stdout + result.stderr"},
        }


def run_callbacks(deployment: Deployment, batch: list[Planted]) -> str:
    ids = [f"s{index}" for index in range(len(batch))]
    steps = [
        {"id": id_, "type": "callback", "save": {"all": "callback.json"}, "on_failure": "continue"}
        for id_ in ids
    ]
    document = {"kind": "runbook", "name": "called", "team": "data", "steps": steps}
    deployment.apply(json.dumps(document))
    incident = deployment.incident("data", slack_channel="C0CALLED")
    answer = deployment.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/runbooks/called/execute", json={})
    execution = str(answer.json()["execution"]["id"])
    for id_, planted in zip(ids, batch, strict=True):
        with deployment.unit_of_work.begin() as work:
            receive_callback(work, execution, id_, {"echo": [planted.text, f"<{planted.text}>"]})
    deployment.work()
    return execution
