"""POST Object: an upload from a browser's form. Who posts is whoever signed the form's policy, or nobody.

It is no operation of the model: the fields stand for PutObject's headers, and are read as those; from there on it is
PutObject, with the same authorisation. forms.py reads the form and its policy.
Source: S3 API Reference, "POST Object" and "Authenticating Requests in Browser-Based Uploads Using POST".
"""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode

from apps.buckets import errors, forms, tags
from apps.buckets.actions import bucket_of
from apps.buckets.operations.objects import put_object
from playground.wire import body as bodies
from playground.wire import endpoint, model, parse, render, signature
from playground.wire.errors import SignatureDoesNotMatch
from playground.wire.http import Request, Response

V4 = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
V2 = ("AWSAccessKeyId", "Signature")
HEADERS = (
    "cache-control", "content-type", "content-disposition", "content-encoding", "content-language", "content-md5", "expires",
)  # fmt: skip
# Fields that say who signs, or that are of another way to upload; none of them is a header of the object.
NO_HEADERS = (
    "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token", "x-amz-content-sha256",
    "x-amz-trailer", "x-amz-tagging", "x-amz-copy-source",
)  # fmt: skip


def is_form(request):
    """Tell whether a request posts to a bucket itself; DeleteObjects is the one POST there that is none."""
    bucket, _, key = request.address.removeprefix("/").partition("/")
    return request.method == "POST" and bool(bucket) and not key and "delete" not in request.query


def post_object(joined, request, ctx):
    """Store the file of a form, and answer as the form asks.

    Errors: those of forms.py, of the signature and of PutObject.
    """
    ctx.operation = "PostObject"
    bucket = bucket_of(ctx, {"Bucket": unquote(request.address.split("/")[1])})
    boundary = forms.boundary_of(request.header("content-type"))
    request.body = bodies.open_body(request, None)
    form = forms.read_form(request.body, boundary)
    key = form.fields.get("key")
    if key is None:
        raise _missing("key")
    if not key:
        raise errors.InvalidArgument(
            "User key must have a length greater than 0.", ArgumentName="key", ArgumentValue=""
        )
    _authenticate(joined, ctx, form.fields)
    if "policy" in form.fields:
        policy = forms.read_policy(form.fields["policy"])
        form.file.least, form.file.most = forms.check(policy, form, bucket.name, joined.now())
        told = f"The form keeps its policy's {len(policy.conditions)} conditions, and every field is covered by one."
        ctx.trace.step("form", "allowed", told)
    params = _params(bucket.name, key, form)
    joined.authorize(ctx, params)
    ctx.no_effect = [name for name in joined.no_effect.get("PutObject", ()) if params.get(name)]
    return _answer(request, ctx, bucket.name, form.fields, key, put_object(ctx, params))


# -- who ------------------------------------------------------------------------------------------


def _missing(name):
    message = (
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
    )
    return errors.InvalidArgument(message, ArgumentName=name, ArgumentValue="")


def _authenticate(joined, ctx, fields):
    """Put whoever signed the policy into ctx; a form without any field of a signature is anonymous.

    Errors: InvalidArgument, InvalidAccessKeyId, SignatureDoesNotMatch and those of the key.
    """
    for names, verify in ((V4, _verify_v4), (V2, _verify_v2)):
        if any(name.lower() in fields for name in names):
            for name in (*names, "policy"):
                if name.lower() not in fields:
                    raise _missing(name)
            verify(joined, ctx, fields)
            return
    ctx.trace.step("signature", "anonymous", "The form carries no signature.")


def _verify_v4(joined, ctx, fields):
    algorithm, credential, timestamp = (fields[name.lower()] for name in V4[:3])
    if algorithm != signature.ALGORITHM:
        message = f'X-Amz-Algorithm only supports "{signature.ALGORITHM}"'
        raise errors.InvalidArgument(message, ArgumentName="X-Amz-Algorithm", ArgumentValue=algorithm)
    scope = re.fullmatch(r"(.+)/(\d{8})/([^/]+)/([^/]+)/aws4_request", credential)
    if not scope:
        message = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        raise errors.InvalidArgument(message, ArgumentName="X-Amz-Credential", ArgumentValue=credential)
    key_id, date, region, service = scope.groups()
    if service != "s3":
        message = f'incorrect service "{service}". This endpoint belongs to "s3".'
        raise errors.InvalidArgument(message, ArgumentName="X-Amz-Credential", ArgumentValue=credential)
    if not signature.REGION.fullmatch(region):
        message = f"the region '{region}' is wrong; expecting 'us-east-1'"
        about = {"ArgumentName": "X-Amz-Credential", "ArgumentValue": credential, "Region": "us-east-1"}
        raise errors.InvalidArgument(message, **about)
    try:
        signed_at = datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = "X-Amz-Date must be formated via ISO8601 Long format"  # the spelling is the service's own
        raise errors.InvalidArgument(message, ArgumentName="X-Amz-Date", ArgumentValue=timestamp) from None
    now = joined.now()
    found = endpoint.caller(joined, ctx, key_id, fields.get("x-amz-security-token"), now)
    key = signature.signing_key(found.secret, date, region, service)
    expected = hmac.new(key, fields["policy"].encode(), hashlib.sha256).hexdigest()
    _compare(expected, fields["x-amz-signature"], key_id, fields["policy"])
    ctx.region = region
    age = max(0, int((now - signed_at).total_seconds() * 1000))
    _signed(ctx, found, key_id, signature.ALGORITHM, age_ms=age)


def _verify_v2(joined, ctx, fields):
    key_id = fields["awsaccesskeyid"]
    found = endpoint.caller(joined, ctx, key_id, fields.get("x-amz-security-token"), joined.now())
    digest = hmac.digest(found.secret.encode(), fields["policy"].encode(), hashlib.sha1)
    _compare(base64.b64encode(digest).decode(), fields["signature"], key_id, fields["policy"])
    _signed(ctx, found, key_id, "AWS")


def _compare(expected, given, key_id, policy):
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=key_id,
            StringToSign=policy,
            SignatureProvided=given,
            StringToSignBytes=policy.encode().hex(" "),
        )


def _signed(ctx, found, key_id, version, **more):
    ctx.auth = {"type": "POST", "version": version, "issued": getattr(found, "issued", None), **more}
    way = "Version 2" if version == "AWS" else "Version 4"
    told = f"Signature {way} of the form's policy by {key_id}."
    ctx.trace.step("signature", "valid", told, principal=found.principal.arn)


# -- what -----------------------------------------------------------------------------------------


def _params(bucket_name, key, form):
    """Return PutObject's input: the fields are read as the headers they stand for."""
    headers = [
        (name, value)
        for name, value in form.fields.items()
        if name in HEADERS or (name.startswith("x-amz-") and name not in NO_HEADERS)
    ]
    if form.fields.get("acl"):
        headers.append(("x-amz-acl", form.fields["acl"]))
    as_put = Request("PUT", f"/{bucket_name}/", "", headers, None)
    as_put.body = bodies.Body(form.file, None, as_put)
    operation = model.load("s3").operation("PutObject")
    params = parse.parse_rest(operation, as_put, {"Bucket": bucket_name, "Key": key}, True)
    if form.fields.get("tagging"):
        params["Tagging"] = _tagging(form.fields["tagging"])
    return params


def _tagging(text):
    """Return x-amz-tagging for the XML of a tagging field; XML that is no Tagging has no tags. Errors: MalformedXML."""
    shape = model.load("s3").operation("PutObjectTagging").input_shape.members["Tagging"]
    found = parse.from_xml(shape, parse.read_xml(text.encode()))
    return urlencode(tags.of_set(found)) if found.get("TagSet") else ""


# -- the answer -----------------------------------------------------------------------------------


def _answer(request, ctx, bucket_name, fields, key, result):
    """Return what the form asked for: a redirect, 200, 201 with a document, else 204."""
    operation = model.load("s3").operation("PutObject")
    response = render.render("s3", "rest-xml", operation, dict(result), ctx.request_id)
    etag = result["ETag"]
    redirect = fields.get("success_action_redirect") or fields.get("redirect") or ""
    if re.match(r"https?://[^/]", redirect, re.I) and redirect.isprintable():
        query = urlencode({"bucket": bucket_name, "key": key, "etag": etag})
        target = quote(redirect, safe="/~!$&'()*+,;=:@-._%?#[]")
        response.headers.append(("Location", f"{target}{'&' if '?' in redirect else '?'}{query}"))
        return Response(303, response.headers)
    root = f"{request.scheme}://{request.host}/" + ("" if request.bucket else f"{bucket_name}/")
    location = root + quote(key, safe="")
    response.headers.append(("Location", location))
    status = fields.get("success_action_status")
    if status != "201":
        return Response(200 if status == "200" else 204, response.headers)
    told = {"Location": location, "Bucket": bucket_name, "Key": key, "ETag": etag}
    inside = "".join(f"<{name}>{render.escape(value)}</{name}>" for name, value in told.items())
    response.headers.append(("Content-Type", "application/xml"))
    return Response(201, response.headers, f"{render.XML_HEAD}<PostResponse>{inside}</PostResponse>".encode())
