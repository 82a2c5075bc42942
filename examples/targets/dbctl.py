"""`python -m examples.targets.dbctl check CLUSTER`: report a cluster's state, like a database administrator's tool.

Queries the service at DBCTL_API. Exit status: 0 healthy, 1 not healthy or not reachable, 2 wrong usage.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

import httpx2
from pydantic import BaseModel

TIMEOUT_SECONDS = 10.0


class ClusterReport(BaseModel):
    """The part of GET /clusters/{name} that is printed."""

    cluster: str
    primary: str
    primary_up: bool
    replica: str
    replica_follows: bool
    health: str


def described(report: ClusterReport) -> str:
    """Return the report as three lines."""
    return (
        f"primary  {report.primary} ({'up' if report.primary_up else 'down'})\n"
        f"replica  {report.replica} ({'following' if report.replica_follows else 'rebuilding'})\n"
        f"health   {report.health}"
    )


def check(api: str, cluster: str) -> int:
    """Print the cluster's state and return the exit status."""
    try:
        response = httpx2.get(f"{api.rstrip('/')}/clusters/{cluster}", timeout=TIMEOUT_SECONDS)
    except httpx2.HTTPError as error:
        print(f"dbctl: {api} cannot be reached: {error}", file=sys.stderr)
        return 1
    if response.status_code != httpx2.codes.OK:
        print(f"dbctl: {api} answered {response.status_code} for {cluster}: {response.text}", file=sys.stderr)
        return 1
    report = ClusterReport.model_validate_json(response.content)
    print(described(report))
    return 0 if report.health == "healthy" else 1


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run one command and return the exit status."""
    parser = argparse.ArgumentParser("dbctl", description="Manage database clusters.")
    commands = parser.add_subparsers(required=True)
    checking = commands.add_parser("check", help="show a cluster's primary, replica and health")
    checking.add_argument("cluster")
    chosen = parser.parse_args(arguments)
    if not environment.get("DBCTL_API"):
        print("dbctl: set DBCTL_API to the address of the cluster service.", file=sys.stderr)
        return 2
    return check(environment["DBCTL_API"], chosen.cluster)


if __name__ == "__main__":
    sys.exit(main())
