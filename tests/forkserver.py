"""`runbook ARGUMENT…` for tests, forked from a process that has imported everything: a tenth of a real start's cost.

Real starts are the demo's, those of the tests of imports, and those of processes that another process starts.
"""

from chaos.forkserver import Order, become_process, serve
from cli.main import main as runbook


def be(order: Order) -> None:
    become_process(order)
    runbook()


if __name__ == "__main__":
    serve(be)
