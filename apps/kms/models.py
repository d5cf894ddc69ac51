"""Keys, their material, aliases and grants.

Words: a *key* is what has an ARN, a state and a policy; its *material* are the 32 bytes that encrypt, one row
for each rotation, kept sealed under the installation's root key; an *alias* is a second name of a key; a
*grant* lets one principal use a key without changing its policy. A *generation* numbers the key that an
account's plain SSE-S3 objects are sealed under; that key has no row, it is derived.
"""

import json
import uuid

from django.db import models

from apps.identity.models import Account


def new_key_id():
    return str(uuid.uuid4())


class Key(models.Model):
    """A symmetric key of one account in one region."""

    class State(models.TextChoices):
        ENABLED = "Enabled"
        DISABLED = "Disabled"
        PENDING_DELETION = "PendingDeletion"

    class Owner(models.TextChoices):
        CUSTOMER = "CUSTOMER"
        AWS = "AWS"  # made by a service at its first use; free, and nobody may change it

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="kms_keys")
    region = models.CharField(max_length=32)
    key_id = models.CharField(max_length=36, unique=True, default=new_key_id)
    manager = models.CharField(max_length=8, choices=Owner.choices, default=Owner.CUSTOMER)
    description = models.TextField(blank=True, default="")
    state = models.CharField(max_length=16, choices=State.choices, default=State.ENABLED)
    policy_text = models.TextField()  # as it was sent
    tags = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    deletion_asked_at = models.DateTimeField(null=True)
    deletion_at = models.DateTimeField(null=True)  # while PendingDeletion: the lab's time it goes
    rotation_days = models.PositiveIntegerField(null=True)  # None: no automatic rotation
    rotation_at = models.DateTimeField(null=True)  # when the next automatic one is due

    class Meta:
        indexes = [models.Index(fields=["account", "region", "key_id"], name="kms_key_of_account")]

    def __str__(self):
        return self.key_id

    @property
    def arn(self):
        return f"arn:aws:kms:{self.region}:{self.account.account_id}:key/{self.key_id}"

    @property
    def policy(self):
        """Return the key policy's document."""
        return json.loads(self.policy_text)

    @property
    def is_customers(self):
        return self.manager == self.Owner.CUSTOMER

    def current(self):
        """Return the material that encrypts now."""
        return self.materials.order_by("-version").first()


class Material(models.Model):
    """One version of a key's 32 bytes, sealed. Old versions stay: what they encrypted must open."""

    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="materials")
    version = models.PositiveIntegerField()
    material_id = models.CharField(max_length=64)  # as KeyMaterialId shows it
    sealed = models.CharField(max_length=120)
    made_by = models.CharField(max_length=10, blank=True, default="")  # "", "AUTOMATIC" or "ON_DEMAND"
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="kms_material_once")]


class Alias(models.Model):
    """A name that starts with "alias/", unique in its account and region."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="kms_aliases")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=256)
    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="aliases")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="kms_alias_once")]

    @property
    def arn(self):
        return f"arn:aws:kms:{self.region}:{self.account.account_id}:{self.name}"


class Grant(models.Model):
    """A permission beside the policy. operations: as CreateGrant names them ("Decrypt", "ReEncryptFrom")."""

    key = models.ForeignKey(Key, on_delete=models.CASCADE, related_name="grants")
    grant_id = models.CharField(max_length=64, unique=True)
    token = models.CharField(max_length=128, unique=True)
    name = models.CharField(max_length=256, blank=True, default="")
    grantee = models.CharField(max_length=256)  # an ARN, or a service's name
    retiring = models.CharField(max_length=256, blank=True, default="")
    operations = models.JSONField()
    constraints = models.JSONField(default=dict)
    issuing_account = models.CharField(max_length=256)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "grantee"], name="kms_grant_of_key")]


class Generation(models.Model):
    """Which of an account's own S3 keys seals new objects. Without a row it is the first."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="s3_key_generation")
    number = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
