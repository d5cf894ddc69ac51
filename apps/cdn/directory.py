"""Which distributions there are: the edges' table in memory, kept current from the database.

A request finds its plan in memory. A name that is not there is looked up in the database at once (and
its absence believed for a second). A thread follows the table of changes: it is woken by a Redis
message (the nudge) or after POLL_SECONDS, compiles what changed, empties what was invalidated, and
says how far this node has come; a change that every live node applied has arrived.
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction

from apps.buckets.models import Bucket
from apps.cdn import invalidation
from apps.cdn.models import Change, Distribution, EdgeNode, Invalidation, OriginAccessControl
from apps.cdn.plan import World, compile_plan
from apps.identity.models import Account
from playground import clock

log = logging.getLogger(__name__)
CHANNEL = "cdn.changes"
POLL_SECONDS = 2.0
ABSENT_SECONDS = 1.0  # how long an unknown name is believed to be unknown
ABSENT_NAMES = 10_000
LIVE_SECONDS = 10  # a node not seen for so long is gone
RESCAN = 100  # changes looked at again: with several writers a smaller number may commit later


def nudge():
    """Wake the edges: something changed. Losing the message costs at most POLL_SECONDS."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.publish(CHANNEL, "")
    except redis.RedisError as err:
        log.info("no nudge to the edges: %s", err)


def world():
    """Return what the playground is and what edges may reach."""
    address = settings.HOST if settings.HOST not in ("0.0.0.0", "::", "localhost") else "127.0.0.1"
    return World(
        address,
        settings.AWS_PORT,
        settings.EDGE_PORT,
        tuple(settings.DOMAINS),
        frozenset(origin.lower() for origin in settings.ORIGIN_ALLOW),
    )


def host_key(host):
    """Return what a Host field is looked up by: a distribution id ("E2…") or an alternate name."""
    name = host.lower().partition(":")[0].rstrip(".")
    label, _dot, rest = name.partition(".")
    if rest == "cloudfront.net" or rest.removeprefix("cloudfront.") in settings.DOMAINS:
        return label.upper()
    return name


class Directory:
    """The plans of the distributions that were asked for. Used from the event loop; the thread hands over."""

    def __init__(self, cache):
        self.cache = cache
        self.plans = {}  # host key -> Plan
        self.absent = {}  # host key -> monotonic time until which it is unknown
        self.world = world()
        self.node = f"{settings.NODE}-{os.getpid()}"
        self.loop = None
        self.lookups = ThreadPoolExecutor(1, thread_name_prefix="directory")
        self.stopping = threading.Event()
        self.thread = None
        self.seen_at = 0.0  # monotonic time of the last successful look at the database
        self.done = deque(maxlen=RESCAN)

    def now(self, plan):
        """Return a lab's time, seconds since 1970."""
        return time.time() + plan.account.clock_offset_seconds

    async def find(self, host):
        """Return the Plan of a Host field, or None when no distribution has that name."""
        name = host_key(host)
        plan = self.plans.get(name)
        if plan is not None:
            return plan
        if self.absent.get(name, 0.0) > time.monotonic() or not name:
            return None
        found = await asyncio.get_running_loop().run_in_executor(self.lookups, self.load, name)
        if found is None:
            if len(self.absent) > ABSENT_NAMES:
                self.absent.clear()
            self.absent[name] = time.monotonic() + ABSENT_SECONDS
            return None
        return self.install(found)

    def install(self, plan):
        """Put a plan under its id and its alternate names."""
        self.uninstall(plan.distribution_id)
        for name in (plan.distribution_id, *plan.hosts):
            self.plans[name] = plan
            self.absent.pop(name, None)
        return plan

    def uninstall(self, distribution_id):
        old = self.plans.get(distribution_id)
        if old is not None:
            for name in (distribution_id, *old.hosts):
                if self.plans.get(name) is old:
                    del self.plans[name]

    # -- below: runs in threads ---------------------------------------------------------------------

    def load(self, name):
        """Return the Plan of an id or alternate name from the database, or None."""
        close_old_connections()
        rows = Distribution.objects.select_related("account")
        row = rows.filter(distribution_id=name).first() or rows.filter(aliases__name=name).first()
        return None if row is None else self.compile(row)

    def compile(self, row):
        controls = OriginAccessControl.objects.filter(account=row.account)
        signing = {control.access_control_id: control.config["SigningBehavior"] for control in controls}
        return compile_plan(row, row.account, self.world, region_of_bucket, signing)

    def start(self, loop):
        """Begin to follow changes. Everything before now is known: the cache is empty."""
        self.loop = loop
        self.thread = threading.Thread(target=self.follow, name="follow-changes", daemon=True)
        self.thread.start()

    def stop(self):
        """Stop following; the thread takes leave at its next breath."""
        self.stopping.set()
        self.thread.join(1)
        self.lookups.shutdown(wait=False)

    def bury(self):
        """Forget the nodes of this machine that died: changes do not wait for them."""
        for node in EdgeNode.objects.filter(name__startswith=f"{settings.NODE}-"):
            if not running(node.name.rpartition("-")[2]):
                node.delete()

    def leave(self):
        """Say that this node stops."""
        try:
            EdgeNode.objects.filter(name=self.node).delete()
        except DatabaseError as err:
            log.warning("could not take leave: %s", err)

    def follow(self):
        """Apply changes as they come, until stopped."""
        messages = None
        try:
            self.bury()
        except DatabaseError as err:
            log.warning("the edges could not read their configuration: %s", err)
        while not self.stopping.is_set():
            try:
                close_old_connections()
                self.catch_up()
                self.seen_at = time.monotonic()
            except DatabaseError as err:
                log.warning("the edges could not read their configuration: %s", err)
            except Exception:  # a thread that dies would leave the edges deaf: say it, and try again
                log.exception("the edges could not apply a change")
            try:
                if messages is None:
                    messages = redis.Redis.from_url(settings.REDIS_URL).pubsub(ignore_subscribe_messages=True)
                    messages.subscribe(CHANNEL)
                self.listen(messages)
            except redis.RedisError:
                messages = None
                self.stopping.wait(POLL_SECONDS)
        self.leave()

    def listen(self, messages):
        """Wait for a nudge, POLL_SECONDS at most; in slices, so that stopping is quick."""
        end = time.monotonic() + POLL_SECONDS
        while not self.stopping.is_set() and time.monotonic() < end:
            if messages.get_message(timeout=0.25):
                break
        while messages.get_message(timeout=0):
            pass

    def catch_up(self):
        """Apply new changes and say so; refresh what labs changed of themselves (clock, home city)."""
        node, made = EdgeNode.objects.get_or_create(name=self.node, defaults={"seen_at": clock.real_now()})
        # A new node has nothing stored and no plan: what is in progress is true for it at once.
        fresh = Change.objects.filter(pk__gt=0 if made else node.applied - RESCAN).order_by("pk")
        changes = [
            change for change in fresh.select_related("invalidation__distribution") if change.pk not in self.done
        ]
        for change in changes:
            self.apply(change)
        self.refresh_accounts()
        applied = max([node.applied, *(change.pk for change in changes)])
        if changes or clock.real_now() - node.seen_at > timedelta(seconds=LIVE_SECONDS / 4):
            EdgeNode.objects.filter(pk=node.pk).update(applied=applied, seen_at=clock.real_now())
            self.arrive()

    def apply(self, change):
        """Act on one change, in the event loop, and wait until it is done."""
        if change.invalidation is not None:
            forget = self._invalidate(change.distribution_id, change.invalidation)
            asyncio.run_coroutine_threadsafe(forget, self.loop).result(30)
        elif change.distribution_id in self.plans:
            row = Distribution.objects.select_related("account").filter(distribution_id=change.distribution_id).first()
            plan = None if row is None else self.compile(row)
            asyncio.run_coroutine_threadsafe(self._replace(change.distribution_id, plan), self.loop).result(30)
        else:
            self.loop.call_soon_threadsafe(self.absent.clear)
        self.done.append(change.pk)

    async def _invalidate(self, distribution_id, row):
        plan = self.plans.get(distribution_id)
        if plan is None:
            return  # nobody asked this node for it yet, so nothing is stored
        why = f"invalidated by {row.invalidation_id}"
        self.cache.invalidate(plan.distribution_id, invalidation.matcher(row.paths), why, self.now(plan))

    async def _replace(self, distribution_id, plan):
        if plan is None:
            self.uninstall(distribution_id)
            self.cache.forget_distribution(distribution_id)
        else:
            self.install(plan)

    def refresh_accounts(self):
        """Take on what an account changed of itself: its clock, home city, whether it is stopped."""
        plans = {plan.distribution_id: plan for plan in list(self.plans.values())}
        current = Account.objects.in_bulk({plan.account.pk for plan in plans.values()})
        for plan in plans.values():
            account = current.get(plan.account.pk)
            if account is None:
                asyncio.run_coroutine_threadsafe(self._replace(plan.distribution_id, None), self.loop).result(30)
            elif account.home_city != plan.account.home_city:
                row = (
                    Distribution.objects.select_related("account").filter(distribution_id=plan.distribution_id).first()
                )
                if row is not None:
                    self.loop.call_soon_threadsafe(self.install, self.compile(row))
            else:
                plan.account = account

    def arrive(self):
        """Mark what every live node applied: distributions Deployed, invalidations Completed."""
        waiting = Invalidation.objects.filter(status=Invalidation.Status.IN_PROGRESS).exists()
        if not waiting and not Distribution.objects.filter(status=Distribution.Status.IN_PROGRESS).exists():
            return
        live = EdgeNode.objects.filter(seen_at__gt=clock.real_now() - timedelta(seconds=LIVE_SECONDS))
        applied = min((node.applied for node in live), default=0)
        with transaction.atomic():
            arrived = list(Change.objects.filter(pk__lte=applied).select_related("invalidation__distribution__account"))
            for change in arrived:
                row = change.invalidation
                if row is not None and row.status == Invalidation.Status.IN_PROGRESS:
                    now = clock.now(row.distribution.account)
                    Invalidation.objects.filter(pk=row.pk).update(
                        status=Invalidation.Status.COMPLETED, completed_at=now
                    )
            ids = {change.distribution_id for change in arrived if change.invalidation is None}
            waiting = {change.distribution_id for change in Change.objects.filter(pk__gt=applied, invalidation=None)}
            Distribution.objects.filter(distribution_id__in=ids - waiting).update(status=Distribution.Status.DEPLOYED)
            # Arrived changes have no reader left but a node that starts, which knows everything anyway.
            Change.objects.filter(pk__lte=applied - RESCAN).delete()
            EdgeNode.objects.filter(seen_at__lt=clock.real_now() - timedelta(hours=1)).delete()


def running(pid):
    """Tell whether a process of this machine lives; a zombie, which has no command line, does not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def region_of_bucket(name):
    """Return the region of a bucket, or None when there is no such bucket."""
    return Bucket.objects.filter(name=name).values_list("region", flat=True).first()
