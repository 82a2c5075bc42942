"""Prefect: a flow of forty tasks in this process, with the server that it starts for itself."""

from prefect import flow, task

from bench.peers.serving import STEPS, serve


@task
def step(_: int) -> dict[str, bool]:
    return {"ok": True}


@flow
def forty() -> None:
    for number in range(STEPS):
        step(number)


if __name__ == "__main__":
    serve(forty)
