"""What a policy may look like: one table for bucket policies, one for IAM's, one for trust, with the services' words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.identity import identity_validation, s3_actions
from apps.identity.policy import AccessRequest, Malformed, evaluate, parse, validate

BUCKET = "arn:aws:s3:::b"
ME = "111111111111"
GOOD = {"Effect": "Allow", "Principal": {"AWS": ME}, "Action": "s3:GetObject", "Resource": BUCKET + "/*"}


def refused(check, *arguments):
    try:
        check(*arguments)
    except Malformed as err:
        return str(err)
    return ""


def of(*statements, **top):
    return {"Version": "2012-10-17", "Statement": list(statements), **top}


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


ACCEPTED = [
    GOOD,
    {**GOOD, "Principal": "*"},
    {**GOOD, "Principal": {"AWS": [ME, f"arn:aws:iam::{ME}:root", f"arn:aws:iam::{ME}:user/a/mary"]}},
    {**GOOD, "Principal": {"AWS": f"arn:aws:sts::{ME}:assumed-role/r/s", "CanonicalUser": "a" * 64}},
    {**GOOD, "Principal": {"Service": "cloudfront.amazonaws.com"}},
    {**GOOD, "Principal": {"Service": ["logs.eu-west-1.amazonaws.com"], "Federated": "www.amazon.com"}},
    {**without("Principal"), "Effect": "Deny", "NotPrincipal": {"AWS": ME}},
    {**GOOD, "Action": ["s3:getobject", "s3:Put*"]},
    {**GOOD, "Action": "*"},
    {**GOOD, "Action": "s3:*", "Resource": BUCKET},
    {**without("Action"), "NotAction": "s3:DeleteBucket"},
    {**without("Resource"), "NotResource": BUCKET + "/private/*"},
    {**GOOD, "Action": "s3:ListBucket", "Resource": [BUCKET, BUCKET + "/*"]},
    {**GOOD, "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": [BUCKET, BUCKET + "/*"]},
    {**GOOD, "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": BUCKET + "*"},
    {**GOOD, "Resource": BUCKET + "/home/${aws:username}/*"},
    {**GOOD, "Sid": "With spaces and - dashes"},
    {**GOOD, "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "red", "aws:SourceIp": "x"}}},
    {**GOOD, "Condition": {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:signatureAge": 600000}}},
    {**GOOD, "Action": "s3:ListBucket", "Resource": BUCKET, "Condition": {"StringLike": {"s3:prefix": ["", "a/*"]}}},
    {**GOOD, "Action": "s3:PutObject", "Condition": {"StringEquals": {"s3:x-amz-acl": "public-read"}}},
    {**GOOD, "Action": "s3:*", "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}}},
]


@pytest.mark.parametrize("statement", ACCEPTED, ids=str)
def test_a_bucket_takes(statement):
    validate(of(statement), BUCKET)
    validate({"Statement": statement, "Id": "one"}, BUCKET)


PRINCIPAL, ACTION, RESOURCE = "Invalid principal in policy", "Policy has invalid action", "Policy has invalid resource"
REFUSED = [
    ({}, "Missing required field Statement"),
    ({"Statement": []}, "Could not parse the policy: Statement is empty!"),
    ({"Statement": {}}, "Could not parse the policy: Statement is empty!"),
    (of(GOOD, Version="2020-01-01"), "The policy must contain a valid version string"),
    (of(GOOD, Statements=[]), "Unknown field Statements"),
    (of("allow"), "This policy contains invalid Json"),
    (of({**GOOD, "Resources": "*"}), "Unknown field Resources"),
    (of(without("Effect")), "Missing required field Effect"),
    (of({**GOOD, "Effect": "allow"}), "Invalid effect: allow"),
    (of(without("Principal")), "Missing required field Principal"),
    (of(without("Action")), "Missing required field Action"),
    (of(without("Resource")), "Missing required field Resource"),
    (of({**without("Principal"), "NotPrincipal": {"AWS": ME}}), "Allow with NotPrincipal is not allowed."),
    (of({**GOOD, "Principal": "mary"}), PRINCIPAL),
    (of({**GOOD, "Principal": {}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"AWS": []}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"AWS": "12345"}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"AWS": f"arn:aws:iam::{ME}:user/*"}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"AWS": f"arn:aws:iam::{ME}:group/g"}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"AWS": f"arn:aws:sts::{ME}:assumed-role/r/*"}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"Service": "nobody"}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"CanonicalUser": "short"}}), PRINCIPAL),
    (of({**GOOD, "Principal": {"Google": "x"}}), PRINCIPAL),
    (of({**GOOD, "Action": []}), ACTION),
    (of({**GOOD, "Action": "GetObject"}), ACTION),
    (of({**GOOD, "Action": "ec2:RunInstances"}), ACTION),
    (of({**GOOD, "Action": "s3:GetObjects"}), ACTION),
    (of({**GOOD, "Action": ["s3:GetObject", "s3:Frob*"]}), ACTION),
    (of({**GOOD, "Resource": "*"}), RESOURCE),
    (of({**GOOD, "Resource": "b/*"}), RESOURCE),
    (of({**GOOD, "Resource": "arn:aws:s3:::another/*"}), RESOURCE),
    (of({**GOOD, "Resource": [BUCKET + "/*", "arn:aws:s3:::bb/*"]}), RESOURCE),
    (of({**GOOD, "Resource": []}), RESOURCE),
    (of({**GOOD, "Resource": BUCKET}), "Action does not apply to any resource(s) in statement"),
    (of({**GOOD, "Action": "s3:ListBucket"}), "Action does not apply to any resource(s) in statement"),
    (of({**GOOD, "Action": ["s3:GetObject", "s3:ListBucket"]}), "Action does not apply to any resource(s) in statement"),
    (of({**GOOD, "Action": "s3:GetBucket*"}), "Action does not apply to any resource(s) in statement"),
    (of({**GOOD, "Action": "s3:ListAllMyBuckets"}), "Action does not apply to any resource(s) in statement"),
    (of({**GOOD, "Condition": {"StringMatches": {"s3:prefix": "a"}}}), "Invalid Condition type : StringMatches"),
    (of({**GOOD, "Condition": {"StringEquals": {"prefix": "a"}}}), "Policy has an invalid condition key"),
    (of({**GOOD, "Condition": {"StringEquals": {"s3:prefixes": "a"}}}), "Policy has an invalid condition key"),
    (of({**GOOD, "Condition": {"StringEquals": {"s3:prefix": "a"}}}),
     "Conditions do not apply to combination of actions and resources in statement"),
    (of({**GOOD, "Condition": {"StringEquals": "a"}}), "This policy contains invalid Json"),
    (of({**GOOD, "Condition": {"StringEquals": {"aws:username": {}}}}), "This policy contains invalid Json"),
    (of({**GOOD, "Sid": "a"}, {**GOOD, "Sid": "a"}), "The Statement Ids in the policy are not unique"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "message"), REFUSED, ids=[str(i) for i in range(len(REFUSED))])
def test_a_bucket_refuses(document, message):
    assert refused(validate, document, BUCKET) == message


def test_a_principal_that_nobody_has_is_refused_when_one_can_tell():
    mary = f"arn:aws:iam::{ME}:user/mary"
    document = of({**GOOD, "Principal": {"AWS": [mary, ME, f"arn:aws:iam::{ME}:root"]}})

    validate(document, BUCKET, True, {mary}.__contains__)
    assert refused(validate, document, BUCKET, True, lambda _arn: False) == PRINCIPAL


def test_other_services_resource_policies_keep_to_the_grammar_only():
    queue = {"Effect": "Allow", "Principal": "*", "Action": "SQS:SendMessage", "Resource": "arn:aws:sqs:us-east-1:1:q"}

    validate(of(queue), bucket=False)
    assert refused(validate, of({**queue, "Effect": "Maybe"}), None, False) == "Invalid effect: Maybe"


JSON_FIRST, JSON_BAD = "Policies must be valid JSON and the first byte must be '{'", "This policy contains invalid Json"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", JSON_FIRST),
        ("[]", JSON_FIRST),
        ('"{}"', JSON_FIRST),
        ("\ufeff{}", JSON_FIRST),
        ("{", JSON_BAD),
        ('{"Statement": [],}', JSON_BAD),
        ('{"Statement": [], "Statement": []}', JSON_BAD),
        ('{"Statement": [{"Effect": "Allow", "Effect": "Deny"}]}', JSON_BAD),
        ('{"a":' + "[" * 100_000, JSON_BAD),
    ],
)
def test_a_text_that_is_no_document_is_refused(text, message):
    assert refused(parse, text) == message


def test_white_space_before_a_document_does_not_matter():
    assert parse('\n {"Statement": []}') == {"Statement": []}


# -- IAM's own ------------------------------------------------------------------------------------

OWN = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
SYNTAX, LEGACY = "Syntax errors in policy.", "The policy failed legacy parsing"


def own(**changes):
    statement = {**OWN, **changes}
    return of({name: value for name, value in statement.items() if value is not None})


@pytest.mark.parametrize(
    "document",
    [
        own(),
        {"Version": "2012-10-17", "Statement": OWN, "Id": "mine"},
        own(Action="*", Resource="*"),
        own(Action=None, NotAction=["iam:*", "organizations:*"]),
        own(Resource=None, NotResource="arn:aws:s3:::secret/*"),
        own(Sid="Read1"),
        own(Resource=["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111111111111:role/a/*"], Action="iam:Get*"),
        own(Resource="arn:aws:logs:*:*:*", Action="logs:PutLogEvents"),
        own(Condition={"DateLessThan": {"aws:CurrentTime": ["2026-01-01T00:00:00Z", "1767225600"]}}),
        own(Condition={"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*"]}}),
        own(Condition={"Bool": {"aws:MultiFactorAuthPresent": True}}),
    ],
    ids=str,
)
def test_iam_takes(document):
    assert identity_validation.parse_identity(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], SYNTAX),
        ({"Version": "2012-10-17"}, SYNTAX),
        (of(OWN, Extra=1), SYNTAX),
        (of(OWN, Version="2011-10-17"), SYNTAX),
        (own(Effect=None), SYNTAX),
        (own(Effect="Maybe"), SYNTAX),
        (own(Effect="allow"), LEGACY),
        (own(Extra="x"), SYNTAX),
        (own(NotAction="s3:*"), SYNTAX),
        (own(NotResource="*"), SYNTAX),
        (own(Action=[1]), SYNTAX),
        (own(Condition={"StringEqual": {"a:b": "c"}}), SYNTAX),
        (own(Condition={"StringEquals": "c"}), SYNTAX),
        (own(Condition={"DateLessThan": {"aws:CurrentTime": "soon"}}), LEGACY),
        ({"Statement": [OWN]}, "Policy document must be version 2012-10-17 or greater."),
        (of(OWN, Version="2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
        (own(Principal="*"), "Policy document should not specify a principal."),
        (own(NotPrincipal={"AWS": ME}), "Policy document should not specify a principal."),
        (own(Action=None), "Policy statement must contain actions."),
        (own(Action=[]), "Policy statement must contain actions."),
        (own(Resource=None), "Policy statement must contain resources."),
        (own(Resource=[]), "Policy statement must contain resources."),
        (own(Sid="not so"), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"),
        (of({**OWN, "Sid": "A"}, {**OWN, "Sid": "A"}), "Statement IDs (SID) in a single policy must be unique."),
        (own(Resource="b/*"), 'Resource b/* must be in ARN format or "*".'),
        (own(Resource="arn:gcp:s3:::b"), 'Partition "gcp" is not valid for resource "arn:gcp:s3:::b".'),
        (own(Resource="arn:aws:*:::b"), "Resource vendor must be fully qualified and cannot contain regexes."),
        (own(Resource="arn:aws:s3:us-east-1::b"), "Resource arn:aws:s3:us-east-1::b can not contain region information."),
        (own(Resource="arn:aws:iam:us-east-1:1:user/x"), "IAM resource arn:aws:iam:us-east-1:1:user/x cannot contain region information."),
        (own(Resource="arn:aws:iam::1:users/x"), 'IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.'),
        (own(Action="GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (own(Action="s3:Get:Object"), "Actions/Condition can contain only one colon."),
        (own(Action="s 3:GetObject"), "Vendor s 3 is not valid"),
    ],
    ids=str,
)  # fmt: skip
def test_iam_refuses(document, message):
    assert refused(identity_validation.parse_identity, json.dumps(document)) == message


def test_iam_refuses_what_is_no_json_and_elements_said_twice():
    assert refused(identity_validation.parse_identity, "{") == SYNTAX
    assert refused(identity_validation.parse_identity, '{"Version": "2012-10-17", "Version": "2012-10-17"}') == SYNTAX


TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def trust(**changes):
    statement = {**TRUST, **changes}
    return of({name: value for name, value in statement.items() if value is not None})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (trust(), ""),
        (trust(Principal={"AWS": [ME, f"arn:aws:iam::{ME}:user/mary", "*"]}), ""),
        (trust(Action=["sts:AssumeRole", "sts:TagSession"]), ""),
        (trust(Condition={"StringEquals": {"sts:ExternalId": "x"}}), ""),
        (trust(Principal={"Federated": f"arn:aws:iam::{ME}:saml-provider/p"}, Action="sts:AssumeRoleWithSAML"), ""),
        ("{", "This policy contains invalid Json"),
        ([], "This policy contains invalid Json"),
        (of(), "Could not parse the policy: Statement is empty!"),
        (of(TRUST, Version="1"), "The policy must contain a valid version string"),
        (of(TRUST, Extra="1"), "Unknown field Extra"),
        (trust(Resource="*"), "Has prohibited field Resource"),
        (trust(Extra="*"), "Unknown field Extra"),
        (trust(Effect=None), "Missing required field Effect"),
        (trust(Effect="Maybe"), "Invalid effect: Maybe"),
        (trust(Principal=None), "Missing required field Principal"),
        (trust(Principal={}), "Missing required field Principal cannot be empty!"),
        (trust(Principal="mary"), "Principal must be a JSON object."),
        (trust(Principal={"AWS": "mary"}), 'Invalid principal in policy: "AWS":"mary"'),
        (trust(Principal={"Service": "mary"}), 'Invalid principal in policy: "SERVICE":"mary"'),
        (trust(Principal={"CanonicalUser": "a" * 64}), 'Invalid principal in policy: "CanonicalUser"'),
        (trust(Principal=None, NotPrincipal={"AWS": ME}), "Allow with NotPrincipal is not allowed."),
        (trust(Effect="Deny", Principal=None, NotPrincipal={"AWS": ME}), "AssumeRole policy must not contain NotPrincipal field."),
        (trust(Action=None), "Missing required field Action"),
        (trust(Action="s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trust(Action="sts:*"), "AssumeRole policy may only specify STS AssumeRole actions."),
        (trust(Condition={"Equals": {"a:b": "c"}}), "Invalid Condition type : Equals"),
        (of({**TRUST, "Sid": "a"}, {**TRUST, "Sid": "a"}), "The Statement Ids in the policy are not unique"),
    ],
    ids=str,
)  # fmt: skip
def test_a_trust_policy_is_taken_or_refused(document, message):
    text = document if isinstance(document, str) else json.dumps(document)

    assert refused(identity_validation.parse_trust, text) == message


def test_a_role_trusts_nobody_who_does_not_exist():
    document = trust(Principal={"AWS": f"arn:aws:iam::{ME}:user/gone"})

    said = refused(identity_validation.validate_trust, document, lambda _arn: False)
    assert said == f'Invalid principal in policy: "AWS":"arn:aws:iam::{ME}:user/gone"'


def test_white_space_does_not_count_to_a_documents_size():
    assert identity_validation.size('{ "a" :\n\t1 }') == len('{"a":1}')


# -- properties -----------------------------------------------------------------------------------

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6))
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2), max_leaves=4)  # fmt: skip
texts = st.sampled_from(
    ["*", "s3:*", "s3:GetObject", BUCKET, BUCKET + "/*", "${aws:username}", "Allow", "Deny", ME, ""]
)
element = st.one_of(values, texts, st.lists(texts, max_size=2), st.fixed_dictionaries({"AWS": texts}),
                    st.fixed_dictionaries({"StringEquals": st.dictionaries(texts, values, max_size=2)}))  # fmt: skip
names = st.sampled_from(["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"])  # fmt: skip
wild = st.fixed_dictionaries(
    {"Statement": st.lists(st.dictionaries(names, element, max_size=6) | values, max_size=2)},
    optional={"Version": st.sampled_from(["2012-10-17", "2008-10-17", "x"])},
)
CHECKS = [
    lambda document: validate(document, BUCKET),
    lambda document: validate(document, bucket=False),
    identity_validation.validate_identity,
    identity_validation.validate_trust,
]


@given(wild)
def test_whatever_is_sent_is_taken_or_refused_and_what_is_taken_can_be_evaluated(document):
    request = AccessRequest(f"arn:aws:iam::{ME}:user/mary", ME, "s3:GetObject", BUCKET + "/x", ME)
    for check in CHECKS:
        if not refused(check, document):
            evaluate(request, {"p": document}, document, boundary=document, session_policies=[document])


def test_each_action_of_s3_is_for_one_kind_of_resource():
    kinds = [set(s3_actions.OBJECT), set(s3_actions.BUCKET), set(s3_actions.ACCOUNT)]

    assert len(set.union(*kinds)) == sum(map(len, kinds)) == len(s3_actions.KINDS)
    assert all(set(actions) <= set.union(*kinds) for actions in s3_actions.KEYS.values())
