"""Celery: a chain of forty tasks over Redis, in one worker process. It is not durable: a lost task stays lost."""

import os
import subprocess
import sys

from celery import Celery, chain

from bench.peers.serving import STEPS, serve

app = Celery(
    "bench.peers.celery_steps", broker=os.environ["PEER_REDIS_URL"], backend=os.environ["PEER_REDIS_URL"]
)


@app.task(ignore_result=False)
def step(_: int) -> dict[str, bool]:
    return {"ok": True}


def forty() -> None:
    chain(*(step.si(number) for number in range(STEPS)))().get(timeout=60)


if __name__ == "__main__":
    order = [
        "-A",
        "bench.peers.celery_steps",
        "worker",
        "--pool=solo",
        "--loglevel=ERROR",
        "--without-gossip",
    ]
    worker = subprocess.Popen([sys.executable, "-m", "celery", *order], stdout=subprocess.DEVNULL)
    try:
        forty()
        serve(forty)
    finally:
        worker.terminate()
        worker.wait()
