"""Presigned URLs: a link that lets whoever has it do one thing with one object, for a while, as the one who signed.

Source: S3 User Guide, "Download and upload objects with presigned URLs"; SigV4, "Authenticating requests: using query
parameters".
"""

from urllib.parse import quote, urlencode

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from django.conf import settings

from apps.buckets.acts import FormProblem

WEEK = 7 * 24 * 3600
UNITS = {"minutes": 60, "hours": 3600, "days": 86400}
METHODS = ("GET", "PUT")


def life_seconds(form):
    """Return how long the link lives. Errors: FormProblem, in S3's words where it would refuse the URL."""
    number, unit = form.get("life", "").strip(), form.get("unit", "")
    if not (number.isascii() and number.isdigit()) or unit not in UNITS or not 0 < len(number) < 8:
        raise FormProblem("life", "A whole number of minutes, hours or days.")
    seconds = int(number) * UNITS[unit]
    if seconds < 60:
        raise FormProblem("life", "At least one minute.")
    if seconds > WEEK:
        raise FormProblem("life", f"X-Amz-Expires must be less than a week (in seconds); that is, less than {WEEK}.")
    return seconds


def presign(bucket, key, version, method, seconds, access_key, hostname):
    """Return the URL. access_key: identity.AccessKey. hostname: by which the asker reached this playground."""
    path = f"http://{hostname}:{settings.AWS_PORT}/{bucket.name}/{quote(key, safe='/~')}"
    address = f"{path}?{urlencode({'versionId': version})}" if version else path
    request = AWSRequest(method, address)
    keys = Credentials(access_key.access_key_id, access_key.secret_access_key)
    S3SigV4QueryAuth(keys, "s3", bucket.region, expires=seconds).add_auth(request)
    return request.url


def ways(bucket, key, version, method, seconds, url):
    """Return [(name, text)]: how to make such a link elsewhere, and what whoever has it does."""
    named = {"Bucket": bucket.name, "Key": key, **({"VersionId": version} if version else {})}
    operation = {"GET": "get_object", "PUT": "put_object"}[method]
    made = (
        "import boto3\n\n"
        f'client = boto3.client("s3", endpoint_url="http://localhost:{settings.AWS_PORT}")\n'
        f"client.generate_presigned_url({operation!r}, Params={named!r}, ExpiresIn={seconds})"
    )
    used = f"curl -o file {_quoted(url)}" if method == "GET" else f"curl -T file {_quoted(url)}"
    found = [("boto3", made), ("Who has the link", used)]
    if method == "GET" and not version:
        told = (
            f"aws --endpoint-url http://localhost:{settings.AWS_PORT} s3 presign {_quoted(f's3://{bucket.name}/{key}')}"
        )
        found.insert(0, ("AWS CLI", f"{told} \\\n  --expires-in {seconds}"))
    return found


def _quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"
