"""What the journey tests share: a photo, a handler, a visitor, patience."""

import http.client
import io
import json
import time
import zipfile
from urllib.parse import urlsplit

from PIL import Image

THUMBNAIL_HANDLER = """
import io
import urllib.parse

import boto3
from PIL import Image

s3 = boto3.client("s3")


def handler(event, context):
    made = []
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        photo = Image.open(io.BytesIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
        photo.thumbnail((160, 160))
        out = io.BytesIO()
        photo.save(out, "JPEG")
        target = "thumbs/" + key.rsplit("/", 1)[-1]
        s3.put_object(Bucket=bucket, Key=target, Body=out.getvalue(), ContentType="image/jpeg")
        made.append(target)
    print("made", made)
    return made
"""


def photo(width=800, height=600):
    """Return a JPEG's bytes."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def zipped(source, name="app.py"):
    """Return a deployment package with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, source)
    return out.getvalue()


def until(check, seconds=20, every=0.1):
    """Return check()'s first truthy value, or fail after some seconds."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, f"nothing after {seconds} s"
        time.sleep(every)


class Answer:
    """An HTTP answer as a client saw it."""

    def __init__(self, answer):
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()

    @property
    def json(self):
        return json.loads(self.body)


def request(url, method="GET", host=None, headers=(), body=None):
    """Send one plain HTTP request, with the Host header of our choice."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    sent = dict(headers)
    if host:
        sent["Host"] = host
    path = parts.path or "/"
    connection.request(method, path + ("?" + parts.query if parts.query else ""), body=body, headers=sent)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def visit(stack, domain, path, location, **headers):
    """Be a visitor somewhere, asking a distribution for a path."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(stack.edge_url + path, host=domain, headers={"X-Visitor-Location": location, **headers})


def distribution_over(account, bucket, region="us-east-1", default_root="index.html"):
    """Create a distribution over a private bucket as AWS documents it: OAC, distribution, bucket policy."""
    cloudfront, s3 = account.client("cloudfront"), account.client("s3")
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": bucket,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "DefaultRootObject": default_root,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "bucket",
                        "DomainName": f"{bucket}.s3.{region}.amazonaws.com",
                        "OriginAccessControlId": control,
                        "S3OriginConfig": {"OriginAccessIdentity": ""},
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "bucket",
                "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
        }
    )["Distribution"]
    cloudfront.get_waiter("distribution_deployed").wait(Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudfront.amazonaws.com"},
                        "Action": "s3:GetObject",
                        "Resource": f"arn:aws:s3:::{bucket}/*",
                        "Condition": {"StringEquals": {"AWS:SourceArn": made["ARN"]}},
                    }
                ],
            }
        ),
    )
    return made
