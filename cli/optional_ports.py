"""The ports whose libraries are optional: loaded by the processes that use them, if they are installed."""

import importlib
from collections.abc import Iterable
from importlib.util import find_spec

from core.execution.preparation import AwsPort, ClusterPort, SqlPort, SshPort
from core.io.database_url import Kind
from core.io.egress import EgressPolicy
from core.io.sql import Driver, SqlRunner


def ssh_runner(egress: EgressPolicy) -> SshPort | None:
    """Return what runs commands over SSH; None without the extra `ssh`."""
    if find_spec("paramiko") is None:
        return None
    runner: SshPort = importlib.import_module("core.io.ssh").SshRunner(egress)
    return runner


def sql_runner(egress: EgressPolicy) -> SqlPort:
    """Return what executes statements: in PostgreSQL, and with the extra `sql` in MariaDB and MySQL."""
    drivers: dict[Kind, Driver] = {
        "postgresql": importlib.import_module("core.io.sql_postgresql").open_postgresql
    }
    if find_spec("pymysql") is not None:
        drivers["mariadb"] = importlib.import_module("core.io.sql_mariadb").open_mariadb
    return SqlRunner(egress, drivers)


def cluster_access() -> ClusterPort:
    """Return what reads kubeconfigs."""
    port: ClusterPort = importlib.import_module("core.io.kubeconfig").access_from
    return port


def aws_signer(teams: Iterable[str]) -> AwsPort | None:
    """Return what signs requests to AWS; None without the extra `aws`.

    `teams`: whose runbooks may act with the worker's own identity; `*`: all.
    """
    if find_spec("botocore") is None:
        return None
    signer: AwsPort = importlib.import_module("core.io.aws").AwsSigner(frozenset(teams))
    return signer
