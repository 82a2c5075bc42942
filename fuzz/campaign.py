"""One campaign: fuzz the entry points of a real `web`, then the parsers, each in a process of its own."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.deployment import Deployment, running_deployment
from fuzz.record import Record
from fuzz.rest import fuzz_described, fuzz_documents
from fuzz.seeds import SEEDS
from fuzz.slack import fuzz_slack

MOST_MEGABYTES = 400
OF_ENTRANCES = 0.7  # share of the time; the parsers get the rest
EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
START_SECONDS = 120

Say = Callable[[str], None]


def run_campaign(folder: Path, seconds: float, number: int, say: Say) -> Record:
    """Fuzz for `seconds` with the seed `number`. Returns the record of findings; their inputs are in the folder."""
    record = Record(folder)
    with running_deployment(folder) as deployment:
        for fuzz in (fuzz_described, fuzz_documents, fuzz_slack):
            fuzz(deployment, record, seconds * OF_ENTRANCES / 3, number)
            say(f"{fuzz.__name__}: {sum(record.counts.values()):,} requests so far")
        _look_at(deployment, record, say)
    if importlib.util.find_spec("atheris") is None:
        say("skipping the parsers: atheris is not installed (it needs Linux on x86-64 and Python 3.11)")
        return record
    groups = [list(SEEDS)[first :: os.cpu_count()] for first in range(os.cpu_count() or 1)]
    each = seconds * (1 - OF_ENTRANCES) / len(SEEDS)
    with ThreadPoolExecutor(len(groups)) as pool:
        list(pool.map(lambda names: _fuzz_parsers(names, record, each, number, say), groups))
    return record


def _look_at(deployment: Deployment, record: Record, say: Say) -> None:
    """Record a dead web process, too much memory, and unexpected errors in its log."""
    if deployment.process.poll() is not None:
        record.found("web", "died", f"exit status {deployment.process.returncode}", "")
        return
    peak = deployment.peak_memory()
    say(f"web's peak memory: {peak} MB")
    if peak > MOST_MEGABYTES:
        record.found("web", f"{peak} MB", f"more than {MOST_MEGABYTES} MB", "")
    failed = deployment.log.read_text(encoding="utf-8", errors="replace").count("request failed")
    if failed:
        record.found("web", f"{failed} unexpected errors", str(deployment.log), "")


def _fuzz_parsers(names: Sequence[str], record: Record, seconds: float, number: int, say: Say) -> None:
    """Fuzz each parser for `seconds`, one after the other."""
    for name in names:
        corpus = record.folder / f"corpus-{name}"
        corpus.mkdir()
        (corpus / "seed").write_bytes(SEEDS[name])
    options = [
        "-timeout=10",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        f"-max_total_time={max(int(seconds), 1)}",
        f"-seed={number}",
        "-print_final_stats=1",
        "-max_len=4096",
    ]
    command = [sys.executable, "-m", "fuzz.in_turn", str(record.folder), ",".join(names), *options]
    limit = seconds * len(names) + START_SECONDS
    log = (record.folder / f"start-{names[0]}.log").open("w")
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        end = threading.Timer(limit, process.kill)
        end.start()
        assert process.stdout is not None
        ended: dict[str, int] = dict(map(json.loads, process.stdout))
        end.cancel()
    for name in names:
        _judge(name, ended.get(name), record, say)


def _judge(name: str, status: int | None, record: Record, say: Say) -> None:
    """Record what became of a parser. `status`: its exit status; None if it did not end in time."""
    log = record.folder / f"{name}.log"
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    executed = EXECUTED.search(said)
    count = int(executed[1]) if executed else 0
    record.counts["parsers", name] += count
    say(f"{name}: {count:,} inputs")
    if status is None:
        record.found(name, "hangs", "it did not end in time", said)
    elif status or not count:
        record.found(name, f"exit status {status}", said.strip()[-300:], said)
