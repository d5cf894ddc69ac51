"""What would let a denied request through: applied, it does; with one edit less, it does not."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.identity.explain import smallest_change
from apps.identity.policy import AccessRequest, evaluate
from tests.identity.test_policy import ME, ROLE, ROOT, SESSION, USER, YOU, asked, document, statement

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/photos/a.jpg"}


def change_of(request, identity=None, theirs=None, **more):
    decision = evaluate(request, identity or {}, theirs, **more)
    change = smallest_change(decision, request)
    json.dumps(change)  # a trace keeps it
    return change


def edits_of(*arguments, **more):
    return change_of(*arguments, **more)["edits"]


def test_what_is_allowed_needs_no_change():
    assert change_of(asked("root")) == {}


def test_a_user_without_any_policy_needs_one_statement():
    change = change_of(asked("user"))

    assert change["edits"] == [{"do": "add", "where": "identity policy", "statement": READ, "to": USER}]
    assert change["sentence"] == (
        f"Add a statement to an identity policy of {USER} that allows s3:GetObject on arn:aws:s3:::b/photos/a.jpg."
    )


def test_a_session_gets_it_on_its_role():
    assert edits_of(asked("role"))[0]["to"] == ROLE


def test_across_accounts_both_sides_need_one():
    theirs, mine = edits_of(asked("role", owner=YOU))

    assert theirs["where"] == "resource policy" and theirs["statement"] == {**READ, "Principal": {"AWS": ROLE}}
    assert mine["where"] == "identity policy" and mine["statement"] == READ


def test_root_across_accounts_needs_the_other_side_only():
    (edit,) = edits_of(asked("root", owner=YOU))

    assert edit["statement"]["Principal"] == {"AWS": ROOT}


def test_the_anonymous_need_everyone_and_block_public_access_off():
    change = change_of(asked("anonymous"), public_block=True)

    assert [one["do"] for one in change["edits"]] == ["add", "turn off"]
    assert change["edits"][0]["statement"]["Principal"] == "*" and "to everyone" in change["sentence"]
    assert change["edits"][1]["settings"] == ["BlockPublicPolicy", "RestrictPublicBuckets"]


def test_a_public_policy_that_is_blocked_needs_the_block_off_only():
    (edit,) = edits_of(asked("anonymous"), {}, document(statement(Principal="*")), public_block=True)

    assert edit == {"do": "turn off", "where": "block public access", "settings": ["RestrictPublicBuckets"]}


def test_a_service_is_let_in_for_its_source_only():
    source = "arn:aws:cloudfront::111111111111:distribution/E1"
    (edit,) = edits_of(asked("service", aws__SourceArn=source))

    assert edit["statement"]["Principal"] == {"Service": "logs.amazonaws.com"}
    assert edit["statement"]["Condition"] == {"StringEquals": {"aws:SourceArn": source}}


def test_each_deny_that_applies_goes_and_its_condition_is_another_way():
    secure = {"Bool": {"aws:SecureTransport": "false"}}
    theirs = document(statement("Deny", Principal="*", Sid="HttpsOnly", Condition=secure))
    change = change_of(asked("user", aws__SecureTransport=False), {"p": document(statement())}, theirs)

    assert change["edits"] == [
        {"do": "remove", "where": "resource policy", "source": "resource policy", "sid": "HttpsOnly", "number": 1}
    ]
    assert [(one["do"], one["key"], one["found"]) for one in change["instead"]] == [
        ("request", "aws:SecureTransport", False)
    ]
    assert change["sentence"].startswith("Remove HttpsOnly from the resource policy")


def test_a_boundary_and_a_session_policy_that_do_not_allow_are_named():
    other = document(statement(action="s3:PutObject"))
    edits = edits_of(asked("role"), {"p": document(statement())}, None, boundary=other, session_policies=[other])

    assert [one["where"] for one in edits] == ["permissions boundary", "session policy"]


def test_a_statement_that_nearly_applies_is_another_way():
    near = document(statement(action="s3:PutObject", Sid="Writes"), statement(resource="arn:aws:s3:::c/*", Sid="Other"))
    change = change_of(asked("user"), {"p": near})

    assert [(one["sid"], one["element"]) for one in change["instead"]] == [("Writes", "Action"), ("Other", "Resource")]
    assert "Or widen Resource of Other" in change["sentence"]


def test_a_condition_that_the_request_does_not_meet_is_another_way():
    near = document(statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    (hint,) = change_of(asked("user", aws__SourceIp="203.0.113.1"), {"p": near})["instead"]

    assert hint["wanted"] == {"operator": "IpAddress", "key": "aws:SourceIp", "values": ["10.0.0.0/8"]}
    assert hint["found"] == "203.0.113.1"


def test_a_statement_that_nearly_names_the_caller_is_another_way():
    theirs = document(statement(Principal={"AWS": YOU}))
    (hint,) = change_of(asked("root", owner=YOU), {}, theirs)["instead"]

    assert hint["element"] == "Principal" and hint["found"] == ROOT


def test_a_role_that_does_not_trust_gets_a_trust_statement_without_resource():
    request = asked("user", action="sts:AssumeRole", resource=ROLE)
    (edit,) = edits_of(request, {}, document(), resource_must_allow=True)

    assert edit["statement"] == {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}


@pytest.mark.parametrize("key", ["a*b", "a?b", "${aws:username}", "$", "plain"])
def test_a_name_with_a_patterns_characters_is_meant_itself(key):
    request = asked("user", resource=f"arn:aws:s3:::b/{key}")
    (edit,) = edits_of(request)

    after = {"p": document(edit["statement"])}
    assert evaluate(request, after).allowed
    if key != "plain":
        assert not evaluate(asked("user", resource="arn:aws:s3:::b/axb"), after).allowed


# -- the property ---------------------------------------------------------------------------------

NAMES = st.sampled_from(["*", {"AWS": ME}, {"AWS": USER}, {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": YOU}])
CONDITIONS = st.sampled_from([{}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {"Condition": {"Null": {"aws:SecureTransport": "true"}}}])  # fmt: skip
BARE = st.builds(
    lambda effect, action, resource, more: {"Effect": effect, "Action": action, "Resource": resource, **more},
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:*"]),
    st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*"]),
    CONDITIONS,
)
WITH_NAME = st.builds(lambda one, name: {**one, "Principal": name}, BARE, NAMES)
DOCUMENTS = st.lists(BARE, max_size=3).map(lambda found: document(*found))
WORLDS = st.fixed_dictionaries(
    {
        "identity": DOCUMENTS,
        "resource": st.none() | st.lists(WITH_NAME, max_size=3).map(lambda found: document(*found)),
        "boundary": st.none() | DOCUMENTS,
        "session": st.none() | st.lists(DOCUMENTS, min_size=1, max_size=2),
        "public_block": st.booleans(),
        "must": st.booleans(),
    }
)
REQUESTS = st.builds(
    lambda who, owner, keys: asked(who, owner=owner, **keys),
    st.sampled_from(["user", "role", "federated", "root", "anonymous", "service"]),
    st.sampled_from([ME, YOU]),
    st.sampled_from([{}, {"aws__SecureTransport": True}]),
)


def decide(request: AccessRequest, world):
    outside = request.principal_account != request.owner_account and not request.service
    nobody = not request.principal_account
    return evaluate(
        request,
        {} if nobody or request.is_root else {"p": world["identity"]},
        world["resource"],
        boundary=None if nobody or request.is_root else world["boundary"],
        session_policies=None if nobody or request.is_root else world["session"],
        public_block=world["public_block"] and outside,
        resource_must_allow=world["must"],
    )


def applied(world, edits):
    """Return a world with some edits made."""
    world = copy.deepcopy(world)
    gone = []
    for edit in edits:
        if edit["do"] == "turn off":
            world["public_block"] = False
        elif edit["do"] == "remove":
            gone.append((place(world, edit), edit["number"] - 1))
    for found, number in sorted(gone, key=lambda one: -one[1]):
        del found["Statement"][number]
    for edit in edits:
        if edit["do"] == "add":
            place(world, edit)["Statement"].append(edit["statement"])
    return world


def place(world, edit):
    """Return the document that an edit is about."""
    if edit["where"] == "session policy":
        number = int(edit["source"].rpartition(" ")[2]) if "source" in edit else 1
        return world["session"][number - 1]
    name = {"identity policy": "identity", "resource policy": "resource", "permissions boundary": "boundary"}
    if edit["where"] == "resource policy" and world["resource"] is None:
        world["resource"] = document()
    return world[name[edit["where"]]]


@settings(max_examples=400, deadline=None)
@given(WORLDS, REQUESTS)
def test_the_change_is_enough_and_none_of_it_is_to_spare(world, request):
    decision = decide(request, world)
    change = smallest_change(decision, request)

    if decision.allowed:
        assert change == {}
        return
    edits = change["edits"]
    assert edits and change["sentence"]
    assert decide(request, applied(world, edits)).allowed
    for spared in edits:
        rest = [one for one in edits if one is not spared]
        assert not decide(request, applied(world, rest)).allowed, spared
