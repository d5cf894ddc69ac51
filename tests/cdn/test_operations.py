"""CloudFront's operations through boto3: what they answer, what they refuse, and to whom."""

import copy

import pytest
from botocore.exceptions import ClientError

from apps.billing.models import Meter
from apps.observability import journal
from tests.cdn.conftest import OPTIMIZED, RFC, config, create


def code(caught):
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def cloudfront(account):
    return account.client("cloudfront")


@pytest.fixture
def wanted(stack):
    return config(stack.origin_port)


def test_a_distribution_has_cloudfronts_shape(cloudfront, wanted, account):
    made = cloudfront.create_distribution(DistributionConfig=wanted)
    row = made["Distribution"]

    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Location"].endswith(row["Id"]) and made["ETag"]
    assert row["ARN"] == f"arn:aws:cloudfront::{account.account_id}:distribution/{row['Id']}"
    assert row["DomainName"].startswith(row["Id"].lower() + ".cloudfront.localhost:")
    assert row["DistributionConfig"]["PriceClass"] == "PriceClass_All"
    assert row["DistributionConfig"]["Aliases"]["Quantity"] == 0


def test_the_stock_waiter_passes_at_its_first_look(cloudfront, wanted):
    made = cloudfront.create_distribution(DistributionConfig=wanted)["Distribution"]

    cloudfront.get_waiter("distribution_deployed").wait(Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 3})

    assert cloudfront.get_distribution(Id=made["Id"])["Distribution"]["Status"] == "Deployed"


def test_the_same_reference_makes_one_distribution(cloudfront, wanted):
    first = cloudfront.create_distribution(DistributionConfig=wanted)["Distribution"]
    again = cloudfront.create_distribution(DistributionConfig=wanted)["Distribution"]
    assert first["Id"] == again["Id"]

    with pytest.raises(ClientError) as caught:
        cloudfront.create_distribution(DistributionConfig={**wanted, "Comment": "other"})
    assert code(caught) == ("DistributionAlreadyExists", 409)


def change(wanted, where, value):
    """Return a config with one member changed; where: dotted, numbers are list places."""
    changed = copy.deepcopy(wanted)
    *way, last = where.split(".")
    at = changed
    for name in way:
        at = at[int(name)] if name.isdigit() else at[name]
    at[last] = value
    return changed


@pytest.mark.parametrize(
    ("where", "value", "error"),
    [
        ("DefaultCacheBehavior.TargetOriginId", "nobody", "NoSuchOrigin"),
        ("DefaultCacheBehavior.CachePolicyId", "0", "NoSuchCachePolicy"),
        ("DefaultCacheBehavior.OriginRequestPolicyId", "0", "NoSuchOriginRequestPolicy"),
        ("DefaultCacheBehavior.ViewerProtocolPolicy", "gopher", "InvalidArgument"),
        ("Origins.Quantity", 2, "InconsistentQuantities"),
        ("Origins.Items.0.DomainName", "http://example.com", "InvalidArgument"),
        ("Origins.Items.0.OriginPath", "no-slash", "InvalidArgument"),
        ("Origins.Items.0.OriginAccessControlId", "E000", "InvalidOriginAccessControl"),
        ("DefaultRootObject", "/index.html", "InvalidDefaultRootObject"),
        ("PriceClass", "PriceClass_9", "InvalidArgument"),
        ("CustomErrorResponses", {"Quantity": 1, "Items": [{"ErrorCode": 200}]}, "InvalidErrorCode"),
        ("Aliases", {"Quantity": 1, "Items": ["photos.s3.localhost"]}, "InvalidArgument"),
        ("Aliases", {"Quantity": 2, "Items": ["a.example.com"]}, "InconsistentQuantities"),
        (
            "Restrictions",
            {"GeoRestriction": {"RestrictionType": "blacklist", "Quantity": 1, "Items": ["FR"]}},
            "InvalidArgument",
        ),
        ("DefaultCacheBehavior.TrustedKeyGroups", {"Enabled": True, "Quantity": 1, "Items": ["k"]}, "InvalidArgument"),
        ("DefaultCacheBehavior.AllowedMethods", {"Quantity": 1, "Items": ["GET"]}, "InvalidArgument"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(cloudfront, wanted, where, value, error):
    with pytest.raises(ClientError) as caught:
        cloudfront.create_distribution(DistributionConfig=change(wanted, where, value))

    assert code(caught)[0] == error
    assert "Traceback" not in str(caught.value)


def test_the_older_form_of_a_behavior_is_accepted_and_acted_upon(account, stack, origin, path):
    origin.answers[path] = lambda request: {"body": request.path.encode()}
    wanted = config(stack.origin_port)
    behavior = wanted["DefaultCacheBehavior"]
    del behavior["CachePolicyId"]
    behavior.update(ForwardedValues={"QueryString": True, "Cookies": {"Forward": "none"}}, MinTTL=0)
    mine = create(account, wanted)

    assert mine.ask(path + "?v=1").body == f"{path}?v=1".encode()
    assert mine.ask(path + "?v=2").result == "Miss"
    assert mine.ask(path + "?v=1").result == "Hit"


def test_an_update_wants_the_version_it_replaces(account, wanted):
    mine = create(account, wanted)
    client = mine.client

    with pytest.raises(ClientError) as caught:
        client.update_distribution(Id=mine.id, DistributionConfig=mine.config)
    assert code(caught) == ("InvalidIfMatchVersion", 400)
    with pytest.raises(ClientError) as caught:
        client.update_distribution(Id=mine.id, IfMatch="E0", DistributionConfig=mine.config)
    assert code(caught) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as caught:
        client.update_distribution(
            Id=mine.id, IfMatch=mine.etag, DistributionConfig={**mine.config, "CallerReference": "x"}
        )
    assert code(caught) == ("IllegalUpdate", 400)

    mine.update(Comment="second")
    read = client.get_distribution_config(Id=mine.id)
    assert read["DistributionConfig"]["Comment"] == "second" and read["ETag"] == mine.etag


def test_only_a_disabled_distribution_can_be_deleted(account, wanted, origin):
    mine = create(account, wanted)
    with pytest.raises(ClientError) as caught:
        mine.client.delete_distribution(Id=mine.id, IfMatch=mine.etag)
    assert code(caught) == ("DistributionNotDisabled", 409)

    mine.update(Enabled=False)
    mine.client.delete_distribution(Id=mine.id, IfMatch=mine.etag)

    with pytest.raises(ClientError) as caught:
        mine.client.get_distribution(Id=mine.id)
    assert code(caught) == ("NoSuchDistribution", 404)


def test_lists_come_in_pages(cloudfront, stack):
    made = [cloudfront.create_distribution(DistributionConfig=config(stack.origin_port)) for _ in range(3)]
    ids = [one["Distribution"]["Id"] for one in made]

    first = cloudfront.list_distributions(MaxItems="2")["DistributionList"]
    second = cloudfront.list_distributions(MaxItems="2", Marker=first["NextMarker"])["DistributionList"]

    assert [item["Id"] for item in first["Items"] + second["Items"]] == ids
    assert first["IsTruncated"] and not second["IsTruncated"]


def test_a_classmate_can_neither_see_nor_touch_it(account, classmate, wanted, origin, path):
    origin.answers[path] = {"body": b"x", "headers": {"Cache-Control": "max-age=60"}}
    mine = create(account, wanted)
    mine.ask(path)
    stranger = classmate.client("cloudfront")
    invalidation = mine.invalidate("/nothing")
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "evil"}

    attempts = (
        lambda: stranger.get_distribution(Id=mine.id),
        lambda: stranger.get_distribution_config(Id=mine.id),
        lambda: stranger.update_distribution(Id=mine.id, IfMatch=mine.etag, DistributionConfig=mine.config),
        lambda: stranger.delete_distribution(Id=mine.id, IfMatch=mine.etag),
        lambda: stranger.create_invalidation(DistributionId=mine.id, InvalidationBatch=batch),
        lambda: stranger.get_invalidation(DistributionId=mine.id, Id=invalidation),
        lambda: stranger.list_invalidations(DistributionId=mine.id),
    )
    for attempt in attempts:
        with pytest.raises(ClientError) as caught:
            attempt()
        assert code(caught)[0] in ("NoSuchDistribution", "AccessDenied")

    assert stranger.list_distributions()["DistributionList"]["Quantity"] == 0
    assert mine.ask(path).result == "Hit"


def test_an_alternate_name_belongs_to_one_distribution(account, classmate, stack):
    name = {"Quantity": 1, "Items": [f"site{account.account_id}.example.com"]}
    create(account, config(stack.origin_port, Aliases=name))

    with pytest.raises(ClientError) as caught:
        create(classmate, config(stack.origin_port, Aliases=name))
    assert code(caught) == ("CNAMEAlreadyExists", 409)


def test_an_access_control_in_use_cannot_be_deleted_and_is_its_accounts_own(account, classmate, cloudfront):
    settings = {
        "Name": "mine",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    made = cloudfront.create_origin_access_control(OriginAccessControlConfig=settings)
    control = made["OriginAccessControl"]["Id"]
    wanted = config(1)
    wanted["Origins"]["Items"] = [
        {
            "Id": "own",
            "DomainName": "photos.s3.us-east-1.amazonaws.com",
            "OriginAccessControlId": control,
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
    ]
    cloudfront.create_distribution(DistributionConfig=wanted)

    with pytest.raises(ClientError) as caught:
        cloudfront.delete_origin_access_control(Id=control, IfMatch=made["ETag"])
    assert code(caught) == ("OriginAccessControlInUse", 409)
    with pytest.raises(ClientError) as caught:
        classmate.client("cloudfront").get_origin_access_control(Id=control)
    assert code(caught)[0] in ("NoSuchOriginAccessControl", "AccessDenied")
    with pytest.raises(ClientError) as caught:
        classmate.client("cloudfront").create_distribution(DistributionConfig={**wanted, "CallerReference": "stolen"})
    assert code(caught)[0] == "InvalidOriginAccessControl"
    with pytest.raises(ClientError) as caught:
        cloudfront.create_origin_access_control(OriginAccessControlConfig=settings)
    assert code(caught) == ("OriginAccessControlAlreadyExists", 409)


def test_invalidations_are_listed_and_their_paths_checked(account, wanted):
    mine = create(account, wanted)
    made = mine.invalidate("/a", "/b/*")

    one = mine.client.get_invalidation(DistributionId=mine.id, Id=made)["Invalidation"]
    listed = mine.client.list_invalidations(DistributionId=mine.id)["InvalidationList"]

    assert one["Status"] == "Completed" and one["InvalidationBatch"]["Paths"]["Items"] == ["/a", "/b/*"]
    assert [item["Id"] for item in listed["Items"]] == [made]
    for paths in (["no-slash"], ["/a*b"], []):
        with pytest.raises(ClientError) as caught:
            mine.client.create_invalidation(
                DistributionId=mine.id,
                InvalidationBatch={"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": str(paths)},
            )
        assert code(caught)[0] == "InvalidArgument"
    with pytest.raises(ClientError) as caught:
        mine.client.get_invalidation(DistributionId=mine.id, Id="I0")
    assert code(caught) == ("NoSuchInvalidation", 404)


def test_the_managed_policies_have_their_real_ids_and_ours_is_among_them(cloudfront):
    items = cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]["Items"]
    ids = {item["CachePolicy"]["CachePolicyConfig"]["Name"]: item["CachePolicy"]["Id"] for item in items}

    assert ids["Managed-CachingOptimized"] == OPTIMIZED
    assert ids["Playground-RFC9111"] == RFC
    assert len(ids) == 8
    policy = cloudfront.get_cache_policy(Id=OPTIMIZED)["CachePolicy"]["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (1, 86400, 31536000)
    with pytest.raises(ClientError) as caught:
        cloudfront.get_cache_policy(Id="nothing")
    assert code(caught) == ("NoSuchCachePolicy", 404)


def test_a_setting_that_no_edge_acts_on_says_so(cloudfront, stack):
    answer = cloudfront.create_distribution(DistributionConfig=config(stack.origin_port, IsIPV6Enabled=True))

    told = answer["ResponseMetadata"]["HTTPHeaders"]["x-playground-no-effect"]
    assert "IsIPV6Enabled" in told and "Logging" not in told


def test_use_is_metered_to_the_distributions_account(account, wanted, origin, path):
    origin.answers[path] = {"body": b"x" * 1000, "headers": {"Cache-Control": "max-age=60"}}
    mine = create(account, wanted)

    mine.ask(path)
    mine.ask(path, visitor="Tokyo")
    mine.invalidate("/a", "/b")
    journal.ingest()

    used = {}
    for meter in Meter.objects.filter(account=account.model, sku__startswith="cloudfront."):
        used[meter.sku] = used.get(meter.sku, 0) + meter.quantity
    assert used["cloudfront.requests.http.EU"] == used["cloudfront.requests.http.JP"] == 1
    assert used["cloudfront.out.EU"] == used["cloudfront.out.JP"] == 1000
    assert used["cloudfront.invalidation.path"] == 2


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"CallerReference": "x"},
        {
            "CallerReference": "x",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 0},
            "DefaultCacheBehavior": {},
        },
        {
            "CallerReference": "x",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [{"Id": "a"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "a", "ViewerProtocolPolicy": "allow-all"},
        },
    ],
)
def test_a_config_that_lacks_something_is_refused_not_a_failure(account, broken):
    client = account.client("cloudfront", parameter_validation=False)

    with pytest.raises(ClientError) as caught:
        client.create_distribution(DistributionConfig=broken)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
