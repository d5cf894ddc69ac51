"""What a fresh playground holds: sign-ins, the demo lab, and the ready-made site of the first page.

`manage.py seed` runs this at every start; each part looks first and does nothing when all is there.
The demo lab (000000000000, access key test / test) is for loopback only: bound to anything else, its
key is switched off and nobody owns it.
"""

import hashlib
import hmac
import json
import os
import secrets
from functools import partial
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from apps.buckets.models import Bucket
from apps.identity import accounts
from apps.identity.models import AccessKey, Account, User
from playground import endpoints
from playground.wire.errors import ServiceError

SITE = Path(__file__).parent / "seed" / "site"
SITE_FILES = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "photo.jpg": "image/jpeg",
}
SITE_REGION = "us-west-2"  # far from London, so that the first page has something to show
DEMO_ACCOUNT_ID = "000000000000"
DEMO_KEY = "test"

SIGN_INS = (("admin", "Admin"), ("teacher", "Teacher"), ("student", "Student"))
PASSWORD_FILE = settings.DATA_DIR / "initial-password"  # a random password, until somebody changes it
MARK_FILE = settings.DATA_DIR / "sign-ins.mark"  # what was last set from PLAYGROUND_ADMIN_PASSWORD


def seed():
    """Make what is missing."""
    users = sign_ins()
    labs(users)
    showcase()


# -- sign-ins -----------------------------------------------------------------------------------


def sign_ins():
    """Make the three sign-ins with their password. Returns {name: User}.

    A password in PLAYGROUND_ADMIN_PASSWORD holds at every start; a random one is made once.
    """
    users = {user.username: user for user in User.objects.filter(username__in=[name for name, _ in SIGN_INS])}
    missing = [name for name, _shown in SIGN_INS if name not in users]
    given = settings.ADMIN_PASSWORD
    if not missing and (not given or _marked(given, users)):
        return users
    password = given or _random_password()
    hashed = make_password(password)  # once for all three: it is slow on purpose
    with transaction.atomic():
        for name, shown in SIGN_INS:
            if name in missing or given:
                users[name] = _sign_in(name, shown, hashed)
    _write(MARK_FILE, _mark(password, users))
    if given:
        PASSWORD_FILE.unlink(missing_ok=True)
    return users


def _sign_in(name, shown, hashed):
    user, _made = User.objects.get_or_create(username=name, defaults={"first_name": shown, "kind": name})
    user.password = hashed
    user.save(update_fields=["password"])
    return user


def _random_password():
    if not PASSWORD_FILE.exists():
        _write(PASSWORD_FILE, "-".join(secrets.token_hex(2) for _ in range(4)))
    return PASSWORD_FILE.read_text()


def _write(path, text):
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)


def _mark(password, users):
    """Return a mark of who has which password; comparing it is quick, hashing the password is not."""
    held = "|".join([password, *(users[name].password for name, _shown in SIGN_INS)])
    return hmac.digest(settings.SECRET_KEY.encode(), held.encode(), hashlib.sha256).hex()


def _marked(password, users):
    return MARK_FILE.exists() and hmac.compare_digest(MARK_FILE.read_text(), _mark(password, users))


def sign_in_lines():
    """Return what `make run` prints about signing in, line by line."""
    users = {user.username: user for user in User.objects.filter(username__in=[name for name, _ in SIGN_INS])}
    names = ", ".join(name for name, _shown in SIGN_INS)
    if settings.ADMIN_PASSWORD:
        told = f"Sign in as {names}; the password is the one in PLAYGROUND_ADMIN_PASSWORD"
    elif PASSWORD_FILE.exists() and _marked(PASSWORD_FILE.read_text(), users):
        told = f"Sign in as {names}; the password is {PASSWORD_FILE.read_text()}"
    else:
        PASSWORD_FILE.unlink(missing_ok=True)  # somebody chose a password of their own: this one opens nothing
        told = f"Sign in as {names}; a password was changed since the first start"
    demo = [f"Demo lab   access key {DEMO_KEY}, secret {DEMO_KEY}"] if settings.LOOPBACK_ONLY else []
    return [told, *demo]


# -- labs ---------------------------------------------------------------------------------------


def labs(users):
    """Give each sign-in a lab: the student the demo lab on loopback, else one of their own."""
    demo = Account.objects.filter(account_id=DEMO_ACCOUNT_ID).first()
    if settings.LOOPBACK_ONLY:
        _open_demo(demo, users["student"])
    elif demo is not None:
        _close_demo(demo)
    owners = set(Account.objects.filter(owner__in=users.values()).values_list("owner__username", flat=True))
    for name, shown in SIGN_INS:
        if name not in owners:
            accounts.create(name=f"{shown}'s lab", owner=users[name])


def _open_demo(demo, student):
    if demo is None:
        accounts.create(
            name="Demo lab",
            account_id=DEMO_ACCOUNT_ID,
            access_key=DEMO_KEY,
            secret_key=DEMO_KEY,
            owner=student,
            is_demo=True,
        )
    elif demo.access_keys.filter(access_key_id=DEMO_KEY, active=False).update(active=True):
        Account.objects.filter(pk=demo.pk).update(owner=student, suspended=False)


def _close_demo(demo):
    """Switch the demo lab off: its key is public knowledge, and now others can reach this machine."""
    AccessKey.objects.filter(account=demo).update(active=False)
    Account.objects.filter(pk=demo.pk).update(owner=None, suspended=True)


# -- the ready-made site ------------------------------------------------------------------------


def showcase():
    """Make the site of the first page: a private bucket in Oregon and a distribution that alone may read it."""
    account = Account.objects.filter(is_showcase=True).first()
    if account is None:
        account = accounts.create(name="Showcase", is_showcase=True)
    bucket = f"showcase-{account.account_id}"
    if Bucket.objects.filter(account=account, name=bucket, policy__isnull=False).exists():
        return  # the policy comes last
    call = partial(_call, account)
    call("s3", "CreateBucket", ignore="BucketAlreadyOwnedByYou", **_bucket_request(bucket))
    for key, content_type in SITE_FILES.items():
        body = (SITE / key).read_bytes()
        call("s3", "PutObject", Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    control = _access_control(call, bucket)
    made = call("cloudfront", "CreateDistribution", DistributionConfig=_site_config(bucket, control))
    policy = json.dumps(_readable_by(bucket, made["Distribution"]["ARN"]))
    call("s3", "PutBucketPolicy", Bucket=bucket, Policy=policy)


def _call(account, service, operation, ignore="", **request):
    """Run one operation as the showcase's root user, under a request id of its own."""
    try:
        return endpoints.call(endpoints.context(account, region=SITE_REGION), service, operation, request)
    except ServiceError as err:
        if err.code != ignore:
            raise
        return {}


def _bucket_request(bucket):
    return {"Bucket": bucket, "CreateBucketConfiguration": {"LocationConstraint": SITE_REGION}}


def _access_control(call, name):
    """Return the id of the showcase's access control; a start that was killed here has left one already."""
    listed = call("cloudfront", "ListOriginAccessControls")["OriginAccessControlList"]
    for control in listed.get("Items", []):
        if control["Name"] == name:
            return control["Id"]
    config = {
        "Name": name,
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    made = call("cloudfront", "CreateOriginAccessControl", OriginAccessControlConfig=config)
    return made["OriginAccessControl"]["Id"]


def _site_config(bucket, control):
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.{SITE_REGION}.amazonaws.com",
        "OriginAccessControlId": control,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    return {
        "CallerReference": bucket,
        "Comment": "Still water",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "site",
            "ViewerProtocolPolicy": "allow-all",
            # The query string is part of the key, so that each playing of the first page starts fresh.
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
            "MinTTL": 0,
            "DefaultTTL": 86400,
            "MaxTTL": 31536000,
        },
    }


def _readable_by(bucket, distribution_arn):
    """Return the policy that lets one distribution read a bucket, as AWS documents it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OneDistributionMayRead",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
            }
        ],
    }
