"""Distributions, their invalidations and access controls, and the visits their edges served.

Words: a *change* is news for the edges (a distribution made, altered or deleted, paths invalidated);
an *edge node* is a running edge process; a change has *arrived* when every live node applied it, which
is when a distribution is Deployed and an invalidation Completed.
"""

import secrets

from django.conf import settings
from django.db import models

from apps.identity.models import Account

BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _random_id(prefix, length):
    return prefix + "".join(secrets.choice(BASE36) for _ in range(length))


def new_distribution_id():
    return _random_id("E", 13)


def new_invalidation_id():
    return _random_id("I", 25)


def new_etag():
    return _random_id("E", 13)


class DistributionQuerySet(models.QuerySet):
    def of(self, account):
        """Return an account's own distributions: nobody else's are ever looked at."""
        return self.filter(account=account)


class Distribution(models.Model):
    """A CDN distribution. config: the wire's DistributionConfig, with every default filled in."""

    class Status(models.TextChoices):
        IN_PROGRESS = "InProgress"
        DEPLOYED = "Deployed"

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="distributions")
    distribution_id = models.CharField(max_length=14, unique=True, default=new_distribution_id)
    caller_reference = models.CharField(max_length=255)
    config = models.JSONField()
    tags = models.JSONField(default=dict)
    etag = models.CharField(max_length=14, default=new_etag)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.IN_PROGRESS)
    created_at = models.DateTimeField()  # lab time
    modified_at = models.DateTimeField()  # lab time

    objects = DistributionQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["account", "caller_reference"], name="caller_reference_once_per_account")
        ]

    def __str__(self):
        return self.distribution_id

    @property
    def arn(self):
        return f"arn:aws:cloudfront::{self.account.account_id}:distribution/{self.distribution_id}"

    @property
    def domain_name(self):
        """Return the name that visitors open, with the edges' port."""
        return f"{self.distribution_id.lower()}.cloudfront.{settings.DOMAINS[0]}:{settings.EDGE_PORT}"

    @property
    def enabled(self):
        return self.config["Enabled"]


class Alias(models.Model):
    """An alternate domain name of a distribution; one name leads to one distribution."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=253, unique=True)


class Invalidation(models.Model):
    """Paths to drop from every edge. paths: as the caller wrote them."""

    class Status(models.TextChoices):
        IN_PROGRESS = "InProgress"
        COMPLETED = "Completed"

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="invalidations")
    invalidation_id = models.CharField(max_length=26, unique=True, default=new_invalidation_id)
    caller_reference = models.CharField(max_length=255)
    paths = models.JSONField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.IN_PROGRESS)
    created_at = models.DateTimeField()  # lab time
    completed_at = models.DateTimeField(null=True, blank=True)  # lab time
    entries_dropped = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "caller_reference"], name="caller_reference_once_per_distribution"
            )
        ]


class OriginAccessControl(models.Model):
    """Lets a distribution sign its requests to a private bucket. config: the wire's OriginAccessControlConfig."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="origin_access_controls")
    access_control_id = models.CharField(max_length=14, unique=True, default=new_distribution_id)
    name = models.CharField(max_length=64)
    config = models.JSONField()
    etag = models.CharField(max_length=14, default=new_etag)
    created_at = models.DateTimeField()  # lab time

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="access_control_name_once_per_account")]


class Change(models.Model):
    """News for the edges, in order. invalidation: None means: look at the distribution again."""

    distribution_id = models.CharField(max_length=14)
    invalidation = models.ForeignKey(Invalidation, null=True, blank=True, on_delete=models.CASCADE)
    made_at = models.DateTimeField(auto_now_add=True)  # real time


class EdgeNode(models.Model):
    """A running edge process. applied: the last Change it acted on; seen_at: real time."""

    name = models.CharField(max_length=80, unique=True)
    applied = models.BigIntegerField(default=0)
    seen_at = models.DateTimeField()


class Visit(models.Model):
    """One request that an edge answered. Times in ms are simulated (latency.py) unless named otherwise."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="visits")
    at = models.DateTimeField()  # lab time
    request_id = models.CharField(max_length=80, unique=True)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=2048)
    status = models.PositiveSmallIntegerField()
    bytes_out = models.BigIntegerField()
    city = models.CharField(max_length=120)
    country_code = models.CharField(max_length=2, blank=True)
    latitude = models.FloatField()
    longitude = models.FloatField()
    pop = models.CharField(max_length=4)
    distance_km = models.FloatField()
    result = models.CharField(max_length=12)  # Hit, Miss, RefreshHit, Error
    reason = models.TextField()
    ttfb_ms = models.FloatField()
    direct_ms = models.FloatField()  # the same without the CDN
    detail = models.JSONField(default=dict)  # key, policy, origin; visits.explain() works out the rest

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["distribution", "id"], name="visits_of_a_distribution")]


class VisitorRun(models.Model):
    """Visitors being sent to a distribution: how many, from which seed, how far, and what came of it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="visitor_runs")
    visitors = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    paths = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    sent = models.PositiveIntegerField(default=0)
    summary = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()  # real time

    class Meta:
        ordering = ["-pk"]
