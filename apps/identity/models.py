"""Accounts, the people who own them, and what IAM keeps in an account: users, groups, roles, policies, keys.

Words: an *account* is a lab, a 12-digit tenant boundary; a *User* is a person who signs in to the console, an
*IamUser* an identity inside an account; a *role* is assumed, by functions, services, users. A *managed* policy stands
by itself and is attached; an *inline* policy is part of its user, group or role. AWS's own managed policies are
data (managed.py), so an attachment names a policy by its ARN.
Where next: entities.py finds rows by their names, attached.py gathers what binds a caller.
"""

import json
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

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


def new_user_id():
    return unique_id("AIDA", 17)


def new_group_id():
    return unique_id("AGPA", 17)


def new_policy_id():
    return unique_id("ANPA", 17)


class DocumentField(models.TextField):
    """JSON kept as text: the types that databases have for it do not keep the order of keys, which IAM does."""

    def from_db_value(self, value, _expression, _connection):
        return None if value is None else json.loads(value)

    def to_python(self, value):
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        return None if value is None else json.dumps(value)


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
    alias = models.CharField(max_length=63, blank=True, default="")  # unique among all accounts, "" is none
    iam_version = models.BigIntegerField(default=0)  # grows with every change that IAM makes in the account
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alias"], condition=~models.Q(alias=""), name="account_alias_once")
        ]

    def __str__(self):
        return f"{self.name} ({self.account_id})"

    @property
    def root_arn(self):
        return f"arn:aws:iam::{self.account_id}:root"

    @property
    def access_keys(self):
        """Return the keys of the root user; those of IAM users are theirs."""
        return self.all_access_keys.filter(user=None)


class Entity(models.Model):
    """What users, groups and roles have in common. Names differ by more than their case."""

    name = models.CharField(max_length=128)
    path = models.CharField(max_length=512, default="/")
    policies = DocumentField(default=dict)  # inline: policy name -> document
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True

    @property
    def arn(self):
        return f"arn:aws:iam::{self.account.account_id}:{self.kind}{self.path}{self.name}"


class IamUser(Entity):
    """An identity inside an account, with keys of its own."""

    kind = "user"
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="iam_users")
    unique_id = models.CharField(max_length=21, unique=True, default=new_user_id)
    tags = models.JSONField(default=dict)
    boundary = models.CharField(max_length=700, blank=True, default="")  # ARN of the policy that limits it

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("name"), name="iam_user_name_once_per_account")]


class IamGroup(Entity):
    """Users who share policies."""

    kind = "group"
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="iam_groups")
    unique_id = models.CharField(max_length=21, unique=True, default=new_group_id)
    members = models.ManyToManyField(IamUser, related_name="groups")

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("name"), name="iam_group_name_once_per_account")]


class Role(Entity):
    """What functions, services and users assume: its trust policy says who, its policies what they may do then."""

    kind = "role"
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=64)
    role_id = models.CharField(max_length=21, unique=True, default=new_role_id)
    trust_policy = DocumentField()
    description = models.TextField(blank=True, default="")
    max_session_seconds = models.IntegerField(default=3600)
    tags = models.JSONField(default=dict)
    boundary = models.CharField(max_length=700, blank=True, default="")
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_region = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("name"), name="iam_role_name_once_per_account")]

    @property
    def unique_id(self):
        return self.role_id


class AccessKey(models.Model):
    """A long-lived key: of an IAM user, or of the account's root user when it has none."""

    access_key_id = models.CharField(max_length=128, unique=True, default=new_access_key_id)
    secret_access_key = models.CharField(max_length=128, default=new_secret)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="all_access_keys")
    user = models.ForeignKey(IamUser, null=True, blank=True, on_delete=models.CASCADE, related_name="access_keys")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_service = models.CharField(max_length=32, blank=True, default="")
    last_used_region = models.CharField(max_length=32, blank=True, default="")


class ManagedPolicy(models.Model):
    """A policy of an account that stands by itself, with up to five versions."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="managed_policies")
    name = models.CharField(max_length=128)
    path = models.CharField(max_length=512, default="/")
    policy_id = models.CharField(max_length=21, unique=True, default=new_policy_id)
    description = models.CharField(max_length=1000, blank=True, default="")
    tags = models.JSONField(default=dict)
    default_version = models.IntegerField(default=1)
    next_version = models.IntegerField(default=2)  # numbers of deleted versions are not used again
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("account", Lower("name"), name="managed_policy_name_once_per_account")]

    @property
    def arn(self):
        return f"arn:aws:iam::{self.account.account_id}:policy{self.path}{self.name}"


class PolicyVersion(models.Model):
    """One text of a managed policy; it is never changed."""

    policy = models.ForeignKey(ManagedPolicy, on_delete=models.CASCADE, related_name="versions")
    number = models.IntegerField()
    document = DocumentField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="policy_version_once")]


class Attachment(models.Model):
    """A managed policy hangs on a user, a group or a role."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="attachments")
    policy_arn = models.CharField(max_length=700)
    user = models.ForeignKey(IamUser, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")
    group = models.ForeignKey(IamGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")
    role = models.ForeignKey(Role, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "policy_arn"], name="attached_once_to_user"),
            models.UniqueConstraint(fields=["group", "policy_arn"], name="attached_once_to_group"),
            models.UniqueConstraint(fields=["role", "policy_arn"], name="attached_once_to_role"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group=None, role=None)
                | models.Q(user=None, group__isnull=False, role=None)
                | models.Q(user=None, group=None, role__isnull=False),
                name="attached_to_one",
            ),
        ]
        indexes = [models.Index(fields=["account", "policy_arn"], name="attachment_by_policy")]


class OidcProvider(models.Model):
    """Somebody else who says who people are (OpenID Connect)."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="oidc_providers")
    url = models.CharField(max_length=255)  # without https://
    client_ids = models.JSONField(default=list)
    thumbprints = models.JSONField(default=list)
    tags = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "url"], name="oidc_provider_once_per_account")]

    @property
    def arn(self):
        return f"arn:aws:iam::{self.account.account_id}:oidc-provider/{self.url.removeprefix('http://')}"
