"""Make an account: its row, its root key and the role that every lab starts with."""

import re

from django.db import IntegrityError, transaction

from apps.identity import attached
from apps.identity.models import AccessKey, Account, Role

LAMBDA_ROLE = "lambda-role"
TRUST_LAMBDA = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class Refused(ValueError):
    """An account that cannot be made; the message says why."""


def lab_policy(account_id):
    """Return what `lambda-role` may do: use the lab's own buckets, queues and logs, the way a teaching account gives it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnBuckets",
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::*",
                "Condition": {"StringEquals": {"s3:ResourceAccount": account_id}},
            },
            {"Sid": "OwnQueues", "Effect": "Allow", "Action": "sqs:*", "Resource": f"arn:aws:sqs:*:{account_id}:*"},
            {
                "Sid": "OwnKeys",
                "Effect": "Allow",
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
                "Resource": f"arn:aws:kms:*:{account_id}:key/*",
            },
            {"Sid": "OwnLogs", "Effect": "Allow", "Action": "logs:*", "Resource": f"arn:aws:logs:*:{account_id}:*"},
        ],
    }


def create(name, account_id=None, access_key=None, secret_key=None, email="", owner=None, **fields):
    """Return a new Account with its root key and `lambda-role`.

    account_id: 12 digits, random when None. access_key, secret_key: both or neither. Errors: Refused.
    """
    if not name or len(name) > 128:
        raise Refused("A name has 1 to 128 characters.")
    if account_id is not None and not re.fullmatch(r"\d{12}", account_id):
        raise Refused(f"An account id is 12 digits, not {account_id!r}.")
    if bool(access_key) != bool(secret_key):
        raise Refused("Give both an access key and a secret key, or neither.")
    if account_id and Account.objects.filter(account_id=account_id).exists():
        raise Refused(f"Account {account_id} exists already.")
    if access_key and AccessKey.objects.filter(access_key_id=access_key).exists():
        raise Refused(f"Access key {access_key} exists already.")
    given = {"account_id": account_id} if account_id else {}
    key = {"access_key_id": access_key, "secret_access_key": secret_key} if access_key else {}
    try:
        with transaction.atomic():
            account = Account.objects.create(name=name, email=email, owner=owner, **given, **fields)
            AccessKey.objects.create(account=account, **key)
            _create_role(account)
    except IntegrityError:
        raise Refused("An account with this id or key exists already.") from None
    return account


def _create_role(account):
    policies = {"own-lab": lab_policy(account.account_id)}
    Role.objects.create(account=account, name=LAMBDA_ROLE, trust_policy=TRUST_LAMBDA, policies=policies)


def empty(account):
    """Take everything from an account that IAM keeps in it, but for the root user's keys: as it was at the start."""
    with transaction.atomic():
        attached.changed(account)
        for rows in (account.iam_users, account.iam_groups, account.managed_policies, account.oidc_providers):
            rows.all().delete()
        account.roles.all().delete()
        Account.objects.filter(pk=account.pk).update(alias="")
        _create_role(account)
