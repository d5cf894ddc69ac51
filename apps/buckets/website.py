"""A bucket as a static website: pages for browsers at <bucket>.s3-website.<region>, always anonymous.

Words: the *path key* is the path without its first slash; the key that is read adds the *index document* where the
path ends in a slash. A *probe* asks whether a key may be read and exists, without reading or metering it.
A page is read by the same GetObject as elsewhere, after the same authorisation; what differs is what is around it:
redirects and error pages for people.
Source: S3 User Guide, "Hosting a static website using Amazon S3" and its chapters on index documents, custom error
documents and redirects.
"""

from html import escape
from http import HTTPStatus
from urllib.parse import quote, unquote

from apps.billing import meters
from apps.buckets import cors, errors
from apps.buckets.actions import bucket_of, on_object, row_of
from apps.buckets.operations.objects import find, get_object, head_object
from apps.identity import authorize
from playground.wire import endpoint, model, parse, render
from playground.wire.errors import ServiceError
from playground.wire.http import Response

CONDITIONS = ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince", "Range")
PAGE = ("Content-Type", "text/html; charset=utf-8")
_REST = "/~!$&'()*+,;=:@-._"  # what a path keeps unescaped
_AS_WRITTEN = _REST + "%?#[]"  # what a rule's text keeps: it may bring a query or a fragment of its own


# -- redirects: pure ------------------------------------------------------------------------------


def matching_rule(rules, path_key, status):
    """Return the first routing rule that fits, or None.

    rules: RoutingRules as PutBucketWebsite gives them. status: function -> the status that the request would have.
    It is asked only where a rule wants to know.
    """
    for rule in rules or ():
        condition = rule.get("Condition") or {}
        if not path_key.startswith(condition.get("KeyPrefixEquals") or ""):
            continue
        code = condition.get("HttpErrorCodeReturnedEquals")
        if not code or str(status()) == code:
            return rule
    return None


def rule_location(rule, path_key, query, scheme, host):
    """Return where a routing rule sends a request.

    >>> rule = {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}}
    >>> rule_location(rule, "docs/a b.html", "x=1", "http", "site")
    'http://site/documents/a%20b.html?x=1'
    >>> rule_location({"Redirect": {"ReplaceKeyWith": "error.html", "Protocol": "https"}}, "a", "x=1", "http", "site")
    'https://site/error.html'
    """
    redirect = rule["Redirect"]
    start = f"{redirect.get('Protocol') or scheme}://{redirect.get('HostName') or host}/"
    if redirect.get("ReplaceKeyWith") is not None:
        return start + quote(redirect["ReplaceKeyWith"], safe=_AS_WRITTEN)
    prefix, replaced = "", ""
    if redirect.get("ReplaceKeyPrefixWith") is not None:
        prefix = (rule.get("Condition") or {}).get("KeyPrefixEquals") or ""
        replaced = quote(redirect["ReplaceKeyPrefixWith"], safe=_AS_WRITTEN)
    rest = quote(path_key[len(prefix) :], safe=_REST)
    return start + replaced + rest + (f"?{query}" if query else "")


# -- the request ----------------------------------------------------------------------------------


def answer(joined, request, ctx):
    """Answer a request to a website's name. Errors: refuse() makes pages of them."""
    if request.method == "OPTIONS":
        return cors.preflight(joined, request, ctx)
    ctx.operation = "HeadObject" if request.method == "HEAD" else "GetObject"
    bucket = bucket_of(ctx, {"Bucket": request.bucket})
    if request.method not in ("GET", "HEAD"):
        raise errors.MethodNotAllowed(headers={"Allow": "GET, HEAD"}, Method=request.method, ResourceType="OBJECT")
    site = bucket.configurations.get("Website")
    if site is None:
        raise errors.NoSuchWebsite(BucketName=bucket.name)
    path_key = unquote(request.raw_path.removeprefix("/"))
    everything = site.get("RedirectAllRequestsTo")
    if everything:
        rule = {"Redirect": {"HostName": everything["HostName"], "Protocol": everything.get("Protocol")}}
        return _redirect(ctx, bucket, request, rule, path_key, "The website redirects every request.")
    return _page(request, ctx, bucket, site, path_key)


def _page(request, ctx, bucket, site, path_key):
    suffix = site["IndexDocument"]["Suffix"]
    folder = path_key == "" or path_key.endswith("/")
    key = path_key + suffix if folder else path_key
    ctx.trace.step("website", "page", f"The website endpoint reads /{path_key} as the key {key}.")
    refusal, index_below = _probe(ctx, bucket, key), False
    if refusal and not folder and not _exists(ctx, bucket, key):
        index_below = _probe(ctx, bucket, f"{key}/{suffix}") is None
    failed = refusal and not index_below
    rule = matching_rule(site.get("RoutingRules"), path_key, lambda: refusal.status if failed else 200)
    if rule:
        return _redirect(ctx, bucket, request, rule, path_key, "A routing rule of the website redirects this request.")
    if index_below:
        why = f"There is no {key}, but {key}/{suffix}: the browser is sent to the folder."
        return _moved(ctx, bucket, 302, "/" + quote(path_key, safe=_REST) + "/", why)
    if refusal:
        raise refusal
    location = row_of(ctx, bucket, key).headers.get("WebsiteRedirectLocation")
    if location:
        return _moved(ctx, bucket, 301, location, "The object's own redirect location.")
    return _read(ctx, {"Bucket": bucket.name, "Key": key, **_conditions(request)})


def _exists(ctx, bucket, key):
    row = row_of(ctx, bucket, key)
    return row is not None and not row.is_delete_marker


def _probe(ctx, bucket, key):
    """Return why a key cannot be read by anyone, None when it can."""
    try:
        authorize.authorize(ctx, on_object(ctx, bucket, "GetObject", key))
        find(ctx, bucket, {"Key": key})
    except ServiceError as err:
        return err
    return None


def _conditions(request):
    """Return the members that a browser's headers give; a date that is none counts for nothing, as HTTP wants it."""
    shape = model.load("s3").operation("GetObject").input_shape
    found = {}
    for name in CONDITIONS:
        text = request.header(shape.members[name].serialization["name"])
        if text is not None:
            try:
                found[name] = parse.scalar(shape.members[name], text, "header")
            except ServiceError:
                continue
    return found


def _read(ctx, params):
    """Return the response of GetObject or HeadObject on an allowed key."""
    run = head_object if ctx.operation == "HeadObject" else get_object
    result = run(ctx, params)
    return render.render("s3", "rest-xml", model.load("s3").operation(ctx.operation), result, ctx.request_id)


def _moved(ctx, bucket, status, location, because):
    ctx.trace.step("website", "redirected", because, location=location)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    if status != HTTPStatus.FOUND:
        return Response(status, [("Location", location)])
    body = _document(302, [("Code", "Found"), ("Message", "Resource Found"), *_ids(ctx)])
    return Response(status, [("Location", location), PAGE], body)


def _redirect(ctx, bucket, request, rule, path_key, because):
    location = rule_location(rule, path_key, request.query_string, request.scheme, request.host)
    return _moved(ctx, bucket, int(rule["Redirect"].get("HttpRedirectCode") or 301), location, because)


# -- refusals -------------------------------------------------------------------------------------


def refuse(request, ctx, failure):
    """Return the page of a refusal: the website's own error document under the refusal's status, else S3's page."""
    key = failure.fields.get("Key") or unquote(request.raw_path.removeprefix("/"))
    headers = [*failure.headers.items(), ("x-amz-error-code", failure.code), ("x-amz-error-message", failure.message)]
    if failure.code == "NoSuchKey":
        headers.append(("x-amz-error-detail-Key", quote(key, safe=_REST)))
    nested = None
    error_key = _error_key(request, ctx, failure)
    if error_key:
        found = _error_document(ctx, request, error_key)
        if isinstance(found, Response):
            found.status = failure.status if found.status == HTTPStatus.OK else found.status
            found.headers += headers
            return found
        nested = found
    told = [("Code", failure.code), ("Message", failure.message), *failure.fields.items(), *_ids(ctx)]
    body = _document(
        failure.status, told, nested and [("Code", nested.code), ("Message", nested.message), ("Key", error_key)]
    )
    return Response(failure.status, [*headers, PAGE], body)


def _error_key(request, ctx, failure):
    """Return the key of the error document that a refusal calls for, or "". A HEAD's refusal has no body to show."""
    bucket = ctx.found.get(("bucket", request.bucket))
    site = (bucket.configurations.get("Website") if bucket else None) or {}
    wanted = request.method == "GET" and 400 <= failure.status < 500
    return (site.get("ErrorDocument") or {}).get("Key", "") if wanted else ""


def _error_document(ctx, request, key):
    """Return the response of the error document (or of its redirect), or the refusal met on the way to it."""
    bucket = bucket_of(ctx, {"Bucket": request.bucket})
    ctx.trace.step("website", "error document", f"The website answers with its error document {key}.")
    refusal = _probe(ctx, bucket, key)
    if refusal:
        return refusal
    location = row_of(ctx, bucket, key).headers.get("WebsiteRedirectLocation")
    if location:
        return _moved(ctx, bucket, 301, location, "The error document's own redirect location.")
    try:
        return _read(ctx, {"Bucket": bucket.name, "Key": key})
    except ServiceError as err:
        return err


def _ids(ctx):
    return [("RequestId", ctx.request_id), ("HostId", endpoint.HOST_ID)]


def _document(status, told, nested=None):
    """Return S3's plain page for people. told, nested: (name, value) pairs."""
    title = f"{status} {HTTPStatus(status).phrase}"
    below = ""
    if nested:
        below = f"<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n{_list(nested)}"
    return (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{_list(told)}{below}<hr/>\n</body>\n</html>\n"
    ).encode()


def _list(pairs):
    items = "".join(f"<li>{escape(name)}: {escape(str(value))}</li>\n" for name, value in pairs if value is not None)
    return f"<ul>\n{items}</ul>\n"
