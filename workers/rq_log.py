"""What RQ says of its own: that Redis is away, it would say every other second; the worker tells it once."""

import logging

from redis.exceptions import RedisError

from core.outage import Outage

ABOUT_REDIS = ("could not connect to Redis", "Redis connection timeout", "pubsub thread exiting")


class ToldOnce(logging.Filter):
    """Keeps from the log what is about a Redis that is away, and hands it to `outage`."""

    def __init__(self, outage: Outage) -> None:
        super().__init__()
        self._outage = outage

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, RedisError) and not any(each in str(record.msg) for each in ABOUT_REDIS):
            return True
        self._outage.begin(error or record.getMessage())
        return False
