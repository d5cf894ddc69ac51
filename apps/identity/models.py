"""Accounts, the people who own them, their access keys and roles.

Words: an *account* is a lab, a 12-digit tenant boundary; a *user* is a person who signs in to
the console; a *role* is what a function assumes. IAM users and groups come with issue 3.
"""

import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def unique_id(prefix, length=16):
    """Return an IAM unique id or access key id: a four-letter prefix and base32 letters."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_account_id():
    return str(secrets.randbelow(9 * 10**11) + 10**11)


def new_canonical_id():
    return secrets.token_hex(32)


def new_access_key_id():
    return unique_id("AKIA")


def new_secret():
    return secrets.token_urlsafe(30)


def new_role_id():
    return unique_id("AROA", 17)


class User(AbstractUser):
    """A person who signs in to the console."""

    class Kind(models.TextChoices):
        ADMIN = "admin"
        TEACHER = "teacher"
        STUDENT = "student"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STUDENT)
    rejoin_code = models.CharField(
        max_length=32, blank=True, default=""
    )  # what a student without password signs in with

    def __str__(self):
        return self.get_full_name() or self.username


class Account(models.Model):
    """A lab: everything in it is invisible to every other account."""

    account_id = models.CharField(max_length=12, unique=True, default=new_account_id)
    canonical_id = models.CharField(max_length=64, unique=True, default=new_canonical_id)
    name = models.CharField(max_length=128)
    email = models.CharField(max_length=254, blank=True, default="")
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="accounts")
    home_city = models.CharField(max_length=80, default="London")  # where visitors are who do not say
    default_region = models.CharField(max_length=32, default="us-east-1")
    budget_usd = models.CharField(max_length=40, blank=True, default="")  # exact decimal text; "" is no budget
    clock_offset_seconds = models.BigIntegerField(default=0)
    is_demo = models.BooleanField(default=False)  # 000000000000, loopback only
    is_showcase = models.BooleanField(default=False)  # the ready-made site of the first page
    suspended = models.BooleanField(default=False)  # an admin stopped it
    # New buckets have ACLs and block nothing, as before April 2023: what older tools and suites expect.
    buckets_as_before_2023 = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"{self.name} ({self.account_id})"

    @property
    def root_arn(self):
        return f"arn:aws:iam::{self.account_id}:root"


class AccessKey(models.Model):
    """A long-lived key of an account's root user."""

    access_key_id = models.CharField(max_length=128, unique=True, default=new_access_key_id)
    secret_access_key = models.CharField(max_length=128, default=new_secret)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="access_keys")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Role(models.Model):
    """What a function assumes. Its inline policies say what it may do."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=64)
    role_id = models.CharField(max_length=21, unique=True, default=new_role_id)
    trust_policy = models.JSONField()
    policies = models.JSONField(default=dict)  # policy name -> document
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="role_name_once_per_account")]

    @property
    def arn(self):
        return f"arn:aws:iam::{self.account.account_id}:role/{self.name}"
