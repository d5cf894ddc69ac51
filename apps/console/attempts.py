"""Guessing made slow: wrong attempts are counted a minute, over all processes, in Redis."""

import redis
from django.conf import settings

LIMIT, SECONDS = 8, 60
_redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2)


def too_many(who):
    """Tell whether somebody failed too often. Without Redis nobody is locked out."""
    try:
        return int(_redis.get(f"attempts:{who}") or 0) >= LIMIT
    except redis.RedisError:
        return False


def failed(who):
    """Count a failure."""
    try:
        _redis.incr(f"attempts:{who}")
        _redis.expire(f"attempts:{who}", SECONDS)
    except redis.RedisError:
        pass
