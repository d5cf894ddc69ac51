"""Static websites: index and error documents, redirects, private objects, other names, an edge in front."""

import json
import re

import pytest

from apps.buckets import website
from apps.observability import traces
from playground import hosts
from tests import journey
from tests.buckets.test_strangers import allow

INDEX = {"IndexDocument": {"Suffix": "index.html"}}
PAGES = {
    "index.html": b"<h1>home</h1>",
    "docs/index.html": b"<h1>docs</h1>",
    "docs/a b.html": b"<h1>a b</h1>",
    "error.html": b"<h1>sorry</h1>",
    "private/plan.html": b"<h1>secret</h1>",
}


# -- redirects ------------------------------------------------------------------------------------


def rule(redirect, **condition):
    return {"Condition": condition, "Redirect": redirect} if condition else {"Redirect": redirect}


@pytest.mark.parametrize(
    ("found", "path_key", "location"),
    [
        (rule({"ReplaceKeyPrefixWith": "documents/"}, KeyPrefixEquals="docs/"), "docs/x/y", "documents/x/y?q=1"),
        (rule({"ReplaceKeyPrefixWith": ""}, KeyPrefixEquals="docs/"), "docs/x", "x?q=1"),
        (rule({"ReplaceKeyPrefixWith": "#!/"}, HttpErrorCodeReturnedEquals="404"), "deep/link", "#!/deep/link?q=1"),
        (rule({"ReplaceKeyWith": "gone.html"}), "docs/é", "gone.html"),
        (rule({"HttpRedirectCode": "302"}), "docs/é+ü", "docs/%C3%A9+%C3%BC?q=1"),
    ],
)
def test_a_rule_says_where_to_go(found, path_key, location):
    assert website.rule_location(found, path_key, "q=1", "http", "site") == f"http://site/{location}"


def test_a_rule_may_name_another_host_and_protocol():
    found = rule({"HostName": "other.example", "Protocol": "https", "ReplaceKeyWith": "x"})

    assert website.rule_location(found, "a", "", "http", "site") == "https://other.example/x"


def test_the_first_rule_that_fits_decides_and_the_status_is_asked_only_when_needed():
    on_error = rule({"ReplaceKeyWith": "gone"}, KeyPrefixEquals="docs/", HttpErrorCodeReturnedEquals="404")
    by_prefix = rule({"ReplaceKeyWith": "moved"}, KeyPrefixEquals="docs/")
    rules = [on_error, by_prefix]

    assert website.matching_rule(rules, "docs/x", lambda: 404) is on_error
    assert website.matching_rule(rules, "docs/x", lambda: 200) is by_prefix
    assert website.matching_rule([by_prefix], "docs/x", lambda: pytest.fail("asked")) is by_prefix
    assert website.matching_rule(rules, "other", lambda: 404) is None


@pytest.mark.parametrize(
    ("host", "bucket", "region"),
    [
        ("photos.s3-website.eu-west-2.localhost:4566", "photos", "eu-west-2"),
        ("photos.s3-website-eu-west-2.amazonaws.com", "photos", "eu-west-2"),
        ("photos.s3-website.eu-central-1.amazonaws.com", "photos", "eu-central-1"),
        ("www.example.com.s3-website-us-gov-west-1.amazonaws.com", "www.example.com", "us-gov-west-1"),
        ("photos.s3-website.localhost.localstack.cloud:4566", "photos", "us-east-1"),
    ],
)
def test_names_of_websites(host, bucket, region):
    nothing = lambda _name: None  # noqa: E731

    assert hosts.aws_target(host, nothing, nothing, "/") == hosts.Target("website", bucket, region)


# -- pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def bucket(module_account, s3):
    """Return a public bucket of pages, without the right to list and with one private folder."""
    name = f"site-{module_account.account_id}"
    s3.create_bucket(Bucket=name)
    for key, body in PAGES.items():
        s3.put_object(Bucket=name, Key=key, Body=body, ContentType="text/html", CacheControl="max-age=60")
    s3.put_object(Bucket=name, Key="old", WebsiteRedirectLocation="https://new.example/page")
    s3.delete_public_access_block(Bucket=name)
    policy = allow(name, "*", "s3:GetObject")
    policy["Statement"].append(
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/private/*"}
    )
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    return name


@pytest.fixture
def visit(stack, s3, bucket):
    """Return visit(path, method, **headers) to the site, configured as INDEX unless a test says otherwise."""
    configure(s3, bucket)

    def ask(path, method="GET", host=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        host = host or f"{bucket}.s3-website.us-east-1.localhost"
        return journey.request(stack.aws_url + path, method, host, named)

    return ask


def configure(s3, bucket, **configuration):
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={**INDEX, **configuration})


def told(answer):
    """Return what an error page lists, with its title as "h1"."""
    page = answer.body.decode()
    return {**dict(re.findall("<li>(.*?): (.*?)</li>", page)), "h1": re.search("<h1>(.*?)</h1>", page)[1]}


@pytest.mark.parametrize(
    ("path", "key"),
    [("/", "index.html"), ("/docs/", "docs/index.html"), ("/docs/a%20b.html?x=1&versionId=9", "docs/a b.html")],
)
def test_a_path_is_a_page(visit, path, key):
    answer = visit(path)

    assert answer.status == 200 and answer.body == PAGES[key]
    assert answer.headers["content-type"] == "text/html" and answer.headers["cache-control"] == "max-age=60"
    assert "content-security-policy" not in answer.headers  # the site has a host name of its own


def test_the_real_name_works_too(visit, bucket):
    assert visit("/", host=f"{bucket}.s3-website-us-east-1.amazonaws.com").body == PAGES["index.html"]


def test_head_is_the_page_without_its_body(visit):
    answer = visit("/", "HEAD")

    assert answer.status == 200 and answer.body == b"" and answer.headers["content-length"] == "13"


def test_a_folder_without_its_slash_is_redirected(visit):
    answer = visit("/docs")

    assert (answer.status, answer.headers["location"]) == (302, "/docs/")


def test_conditions_and_ranges(visit):
    etag = visit("/").headers["etag"]

    assert visit("/", If_None_Match=etag).status == 304
    assert visit("/", If_Match='"other"').status == 412
    assert visit("/", If_Modified_Since="no date").status == 200
    part = visit("/", Range="bytes=0-3")
    assert part.status == 206 and part.body == b"<h1>"


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a_website_is_only_read(visit, method):
    answer = visit("/index.html", method)

    assert answer.status == 405 and told(answer)["Code"] == "MethodNotAllowed"


def test_a_private_page_is_403_even_when_the_owner_signs(visit, s3, bucket):
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "private/plan.html"})

    answers = visit("/private/plan.html"), visit("/private/plan.html?" + url.partition("?")[2])

    for answer in answers:
        assert answer.status == 403 and answer.headers["content-type"].startswith("text/html")
        assert {"h1": "403 Forbidden", "Code": "AccessDenied", "Message": "Access Denied"}.items() <= told(
            answer
        ).items()


def test_a_missing_page_is_404_where_visitors_may_list_and_403_where_not(visit, s3, bucket):
    hidden = visit("/no-such.html")
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    listing = {**policy, "Statement": [*policy["Statement"], *allow(bucket, "*", "s3:ListBucket", "")["Statement"]]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(listing))

    missing = visit("/no-such.html")

    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert hidden.status == 403 and missing.status == 404
    shown = told(missing)
    assert (shown["h1"], shown["Code"], shown["Key"]) == ("404 Not Found", "NoSuchKey", "no-such.html")
    assert shown["RequestId"] == missing.headers["x-amz-request-id"] and shown["HostId"]
    assert missing.headers["x-amz-error-code"] == "NoSuchKey"


def test_no_website_and_no_bucket_are_404(visit, s3, bucket):
    s3.delete_bucket_website(Bucket=bucket)

    none = visit("/")
    nowhere = visit("/", host="no-such-bucket-anywhere.s3-website.us-east-1.localhost")

    assert (none.status, told(none)["Code"], told(none)["BucketName"]) == (404, "NoSuchWebsiteConfiguration", bucket)
    assert (nowhere.status, told(nowhere)["Code"]) == (404, "NoSuchBucket")


def test_an_error_page_escapes_what_the_visitor_wrote(visit):
    assert b"<script>" not in visit("/<script>alert(1)</script>").body


def test_the_error_document_keeps_the_status(visit, s3, bucket):
    configure(s3, bucket, ErrorDocument={"Key": "error.html"})

    answer = visit("/no-such.html")

    assert answer.status == 403 and answer.body == PAGES["error.html"]
    assert answer.headers["x-amz-error-code"] == "AccessDenied"


def test_a_missing_error_document_is_told_on_the_page(visit, s3, bucket):
    configure(s3, bucket, ErrorDocument={"Key": "private/plan.html"})

    page = visit("/no-such.html").body

    assert b"An Error Occurred While Attempting to Retrieve a Custom Error Document" in page
    assert b"secret" not in page


def test_an_object_may_redirect(visit):
    answer = visit("/old")

    assert (answer.status, answer.headers["location"]) == (301, "https://new.example/page")


def test_everything_may_be_redirected(visit, s3, bucket):
    everything = {"RedirectAllRequestsTo": {"HostName": "other.example", "Protocol": "https"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=everything)

    answer = visit("/a%20b?x=1")

    assert (answer.status, answer.headers["location"]) == (301, "https://other.example/a%20b?x=1")


def test_routing_rules_by_prefix_and_by_error(visit, s3, bucket):
    rules = [
        rule({"ReplaceKeyPrefixWith": "docs/", "HttpRedirectCode": "307"}, KeyPrefixEquals="manual/"),
        rule({"ReplaceKeyPrefixWith": "#!/"}, HttpErrorCodeReturnedEquals="403"),
    ]
    configure(s3, bucket, RoutingRules=rules, ErrorDocument={"Key": "error.html"})
    site = f"http://{bucket}.s3-website.us-east-1.localhost"

    moved, lost, fine = visit("/manual/a%20b.html"), visit("/app/deep"), visit("/docs/")

    assert (moved.status, moved.headers["location"]) == (307, f"{site}/docs/a%20b.html")
    assert (lost.status, lost.headers["location"]) == (301, f"{site}/#!/app/deep")
    assert fine.status == 200


def test_a_page_of_another_origin_may_read_where_cors_allows(visit, s3, bucket):
    s3.put_bucket_cors(
        Bucket=bucket, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["http://page"]}]}
    )
    ask = {"Origin": "http://page", "Access_Control_Request_Method": "GET"}

    assert visit("/", Origin="http://page").headers["access-control-allow-origin"] == "http://page"
    assert visit("/", "OPTIONS", **ask).headers["access-control-allow-methods"] == "GET"
    s3.delete_bucket_cors(Bucket=bucket)
    refused = visit("/", "OPTIONS", **ask)
    assert refused.status == 403 and told(refused)["Code"] == "AccessForbidden"


def test_why_shows_a_page_to_the_owner(visit, module_account):
    answer = visit("/private/plan.html")

    found = journey.until(lambda: traces.find(module_account.model, answer.headers["x-amz-request-id"]))
    assert (found.operation, found.status, found.error_code) == ("GetObject", 403, "AccessDenied")
    assert [step["phase"] for step in found.steps if step["phase"] != "website"] == ["policy", "error"]


# -- behind an edge -------------------------------------------------------------------------------


def test_a_distribution_serves_a_website_by_its_real_name(module_account, stack, s3, bucket):
    configure(s3, bucket)
    cloudfront = module_account.client("cloudfront")
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3-website-us-east-1.amazonaws.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
    }
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": bucket,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "site",
                "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
        }
    )["Distribution"]
    cloudfront.get_waiter("distribution_deployed").wait(Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 20})

    first, second = (journey.visit(stack, made["DomainName"], "/docs/", "London") for _ in range(2))
    folder = journey.visit(stack, made["DomainName"], "/docs", "London")

    assert first.body == second.body == PAGES["docs/index.html"]
    assert second.headers["x-cache"] == "Hit from cloudfront"
    assert (folder.status, folder.headers["location"]) == (302, "/docs/")
