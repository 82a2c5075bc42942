"""One campaign: fuzz the entry points of a real `web`, then the parsers, each in a process of its own."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.deployment import Deployment, running_deployment
from fuzz.record import Record
from fuzz.rest import fuzz_described, fuzz_documents
from fuzz.slack import fuzz_slack

MOST_MEGABYTES = 400
OF_ENTRANCES = 0.7  # share of the time; the parsers get the rest
PARSERS = (
    "document",
    "aliases",
    "json",
    "alert",
    "expression",
    "template",
    "schema",
    "words",
    "duration",
    "cursor",
)
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
    each = seconds * (1 - OF_ENTRANCES) / len(PARSERS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each is a process that takes seconds to start
        list(pool.map(lambda name: _fuzz_parser(name, record, each, number, say), PARSERS))
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


def _fuzz_parser(name: str, record: Record, seconds: float, number: int, say: Say) -> None:
    corpus = record.folder / f"corpus-{name}"
    corpus.mkdir()
    command = [
        sys.executable,
        "-m",
        "fuzz.parsers",
        name,
        str(corpus),
        "-timeout=10",
        f"-rss_limit_mb={MOST_MEGABYTES}",
    ]
    options = [
        f"-max_total_time={max(int(seconds), 2)}",
        f"-seed={number}",
        "-print_final_stats=1",
        "-max_len=4096",
    ]
    place = f"-artifact_prefix={record.folder}/{name}-"
    _write_seed(name, corpus)
    limit = seconds + START_SECONDS
    try:
        done = subprocess.run(
            [*command, *options, place], capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        record.found(name, "hangs", f"for more than {limit:.0f} s", "")
        return
    executed = EXECUTED.search(done.stderr)
    count = int(executed[1]) if executed else 0
    record.counts["parsers", name] += count
    say(f"{name}: {count:,} inputs")
    if done.returncode or not count:
        record.found(name, f"exit status {done.returncode}", done.stderr.strip()[-300:], done.stderr)


def _write_seed(name: str, corpus: Path) -> None:
    """Write the first input, read from fuzz.parsers in a process of its own, since that instruments its imports."""
    script = f"import sys; from fuzz.parsers import SEEDS; sys.stdout.buffer.write(SEEDS[{name!r}])"
    seed = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout
    (corpus / "seed").write_bytes(seed)
