"""`python -m bench`: measure and print a table. `python -m bench scale`: measure reads of a million executions."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bench.busy import measure_busy
from bench.cards import measure_cards
from bench.children import measure_children
from bench.commands import measure_commands
from bench.definitions import TWO_MESSAGES, TWO_STEPS
from bench.first_step import measure_first_step
from bench.forms import measure_forms
from bench.forty_steps import measure_forty_steps
from bench.path import measure_path, print_path
from bench.place import Place, make_template, open_place
from bench.plot import drawn
from bench.processes import running_target
from bench.report import Section, print_profile, print_report, write_results
from bench.retention import measure_retention
from bench.scale import EXPLAINED, MILLION, measure_scale
from bench.starts import measure_starts
from bench.throughput import measure_throughput
from bench.with_peers import running_peers
from cli.embedded import embedded_services
from cli.processes import quiet_logging


@dataclass(frozen=True)
class Sizes:
    """How many samples to take. `starts`: of each process; 0 leaves them out."""

    acknowledgements: int
    runs: int
    rounds: int
    blocks: int
    executions: int
    starts: int


FULL = Sizes(acknowledgements=300, runs=100, rounds=30, blocks=5, executions=40, starts=7)
QUICK = Sizes(acknowledgements=30, runs=10, rounds=3, blocks=1, executions=15, starts=0)


def measure(sizes: Sizes, home: Path, database_url: str, target: str) -> list[Section]:
    """Run every measurement, each with a database and a Redis of its own."""
    sections = []
    with open_place(home, database_url, "commands", target) as place:
        _say("slash commands")
        sections.append(measure_commands(place, acknowledgements=sizes.acknowledgements, runs=sizes.runs))
    with open_place(home, database_url, "first", target) as place:
        _say("the first step")
        sections.append(measure_first_step(place, rounds=sizes.runs))
    with open_place(home, database_url, "forty", target) as place:
        _say("forty steps")
        sections.append(measure_forty_steps(place, target, rounds=sizes.rounds))
    with (
        open_place(home, database_url, "one", target) as one,
        open_place(home, database_url, "two", target) as two,
    ):
        _say("throughput")
        places = {1: one, 2: two}
        sections.append(measure_throughput(places, blocks=sizes.blocks, executions=sizes.executions))
    if sizes.starts:
        with open_place(home, database_url, "starts", target) as place:
            _say("starts")
            sections.append(measure_starts(place, rounds=sizes.starts))
    return sections


app = typer.Typer(add_completion=False)


Quick = Annotated[
    bool, typer.Option("--quick", help="About a minute: few samples, and no starts of processes.")
]
Results = Annotated[Path | None, typer.Option(help="A file that gets the figures, as JSON.")]


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    quick: Annotated[
        bool, typer.Option("--quick", help="About a minute: few samples, and no starts of processes.")
    ] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Only profile a run of forty steps.")] = False,
    results: Results = None,
) -> None:
    """Measure the service on this machine, on embedded services in a temporary home."""
    quiet_logging()
    if context.invoked_subcommand is not None:
        return
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        with embedded_services(home / "services", redis=False) as services, running_target(home) as target:
            make_template(services.owner_url)
            if profile:
                with open_place(home, services.owner_url, "profile", target) as place:
                    print_profile(place)
                return
            _report(measure(QUICK if quick else FULL, home, services.owner_url, target), results)


def _report(sections: list[Section], results: Path | None) -> None:
    print_report(sections)
    if results is not None:
        write_results(sections, results)


@contextmanager
def _own_place() -> Iterator[tuple[Place, str]]:
    """Yield a place for one measurement, and the URL of the target of its http steps, in a temporary home."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        with embedded_services(home / "services", redis=False) as services, running_target(home) as target:
            make_template(services.owner_url)
            with open_place(home, services.owner_url, "own", target) as place:
                yield place, target


@app.command()
def scale(
    executions: Annotated[int, typer.Option(help="The number of executions to load.")] = MILLION,
    explained: Annotated[Path, typer.Option(help="The file that gets the table.")] = EXPLAINED,
    plans: Annotated[Path | None, typer.Option(help="A folder that gets the raw plans.")] = None,
) -> None:
    """Load a million executions into a database of their own, and measure what is read and polled."""
    print_report(measure_scale(executions, explained, plans))


@app.command()
def retention(
    executions: Annotated[int, typer.Option(help="The number of executions to load.")] = 100_000,
) -> None:
    """Measure what many executions take on the disk, and what deleting the old ones takes."""
    print_report(measure_retention(executions))


@app.command()
def busy(
    commands: Annotated[int, typer.Option(help="How many commands per line, one after the other.")] = 100,
) -> None:
    """Measure how soon slash commands are acknowledged while REST is busy, and while Redis does not respond."""
    with _own_place() as (place, _):
        print_report([measure_busy(place, acknowledgements=commands)])


@app.command()
def children(
    count: Annotated[int, typer.Option(help="How many child runs the one run has.")] = 1_000,
) -> None:
    """Measure memory, time, the card and the pages of one run with many child runs."""
    with _own_place() as (place, _):
        print_report([measure_children(place, children=count)])


@app.command()
def cards() -> None:
    """Measure how runs are shown in Slack, against the sandbox with Slack's rate limits: some minutes of real time."""
    with _own_place() as (place, _):
        print_report([measure_cards(place)])


@app.command()
def forms(
    rounds: Annotated[int, typer.Option(help="How often each of the clients opens and sends a form.")] = 25,
) -> None:
    """Measure how soon a form is acknowledged, opened and sent, with twenty people at once."""
    with _own_place() as (place, _):
        print_report([measure_forms(place, rounds=rounds)])


@app.command()
def forty(
    rounds: Annotated[int, typer.Option(help="How often each of them takes its turn.")] = 25,
    results: Results = None,
    plot: Annotated[Path | None, typer.Option(help="A file that gets the figures, drawn as SVG.")] = None,
) -> None:
    """Measure a run of forty steps against the same work by hand."""
    with _own_place() as (place, target):
        section = measure_forty_steps(place, target, rounds=rounds)
    _report([section], results)
    if plot is not None:
        plot.write_text(drawn(section))


@app.command()
def peers(
    python: Annotated[
        Path, typer.Option(help="The Python of the environment in which the peers are installed.")
    ],
    rounds: Annotated[int, typer.Option(help="How often each of them takes its turn.")] = 25,
    results: Results = None,
) -> None:
    """Measure a run of forty steps against other systems."""
    with _own_place() as (place, target), running_peers(place, place.database_url, python) as others:
        section = measure_forty_steps(place, target, rounds=rounds, peers=others)
    _report([section], results)


@app.command()
def first(
    rounds: Annotated[int, typer.Option(help="How often each of them takes its turn.")] = 200,
    results: Results = None,
) -> None:
    """Measure how soon a run's first step starts, against the same work by hand."""
    with _own_place() as (place, _):
        section = measure_first_step(place, rounds=rounds)
    _report([section], results)


@app.command()
def path() -> None:
    """Which files one run of two steps passes through, and how often a call crosses from one to another."""
    with _own_place() as (place, _):
        for runbook in (TWO_STEPS, TWO_MESSAGES):
            print_path(runbook, measure_path(place, runbook))


def _say(what: str) -> None:
    print(f"measuring {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    app()
