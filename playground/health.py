"""GET /healthz: 200 with JSON when this part and what it needs is up, 503 and what is down otherwise."""

import redis
from django.conf import settings
from django.db import connection
from django.db.utils import Error as DatabaseError
from django.http import JsonResponse

_redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


CHECKS = {"database": (_database, DatabaseError), "redis": (_redis.ping, redis.RedisError)}


def healthz(_request):
    """Answer for the console's port and the AWS port alike: both need the database and Redis."""
    found = {}
    for name, (check, failure) in CHECKS.items():
        try:
            check()
            found[name] = "up"
        except failure as err:
            found[name] = f"down: {type(err).__name__}"
    healthy = all(state == "up" for state in found.values())
    return JsonResponse({"status": "ok" if healthy else "unavailable", **found}, status=200 if healthy else 503)
