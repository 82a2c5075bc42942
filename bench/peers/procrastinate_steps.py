"""Procrastinate: forty jobs in PostgreSQL, one after the other, by a worker in this process."""

import asyncio
import os

from procrastinate import App, PsycopgConnector

from bench.peers.serving import STEPS, serve

app = App(connector=PsycopgConnector(conninfo=os.environ["PEER_DATABASE_URL"]))


@app.task(name="step")
async def step(number: int) -> None:
    """Do nothing."""


async def forty() -> None:
    await step.batch_defer_async(*({"number": number} for number in range(STEPS)))
    await app.run_worker_async(wait=False, concurrency=1, install_signal_handlers=False, listen_notify=False)


def main() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(app.open_async())
    loop.run_until_complete(app.schema_manager.apply_schema_async())
    serve(lambda: loop.run_until_complete(forty()))


if __name__ == "__main__":
    main()
