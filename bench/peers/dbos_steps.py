"""DBOS: a workflow of forty steps in this process, each recorded in PostgreSQL."""

import os

from dbos import DBOS

from bench.peers.serving import STEPS, serve


@DBOS.step()
def step(_: int) -> dict[str, bool]:
    return {"ok": True}


@DBOS.workflow()
def forty() -> None:
    for number in range(STEPS):
        step(number)


if __name__ == "__main__":
    DBOS(
        config={"name": "forty", "system_database_url": os.environ["PEER_DATABASE_URL"], "log_level": "ERROR"}
    )
    DBOS.launch()
    serve(forty)
