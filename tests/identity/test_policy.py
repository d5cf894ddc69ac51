"""The policy engine: tables of documents against requests, and properties that hold for all."""

import itertools
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.identity.policy import AccessRequest, evaluate

ME, YOU = "111111111111", "222222222222"
USER = f"arn:aws:iam::{ME}:user/mary"
ROLE, SESSION = f"arn:aws:iam::{ME}:role/r", f"arn:aws:sts::{ME}:assumed-role/r/s"
FEDERATED = f"arn:aws:sts::{ME}:federated-user/mary"
ROOT = f"arn:aws:iam::{ME}:root"
BOB_ID = "b" * 64
CALLERS = {  # kind -> (principal_arn, role_arn, is_root)
    "user": (USER, "", False),
    "role": (SESSION, ROLE, False),
    "federated": (FEDERATED, USER, False),
    "root": (ROOT, "", True),
}


def asked(who="role", owner=ME, action="s3:GetObject", resource="arn:aws:s3:::b/photos/a.jpg", **keys):
    keys = {name.replace("__", ":").lower(): value for name, value in keys.items()}
    if who in ("anonymous", "service"):
        service = "logs.amazonaws.com" if who == "service" else ""
        return AccessRequest("", "", action, resource, owner, keys, service=service)
    arn, behind, is_root = CALLERS[who]
    return AccessRequest(arn, ME, action, resource, owner, keys, is_root, role_arn=behind, canonical_id=BOB_ID)


def statement(effect="Allow", action="s3:GetObject", resource="arn:aws:s3:::b/*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements, version="2012-10-17"):
    return {"Version": version, "Statement": list(statements)}


ALLOW, DENY, NOTHING = document(statement()), document(statement("Deny")), document()

CASES = [
    ("nothing allows", NOTHING, None, asked(), "ImplicitDeny"),
    ("identity allows", ALLOW, None, asked(), "Allow"),
    ("one statement without a list", {"Statement": statement()}, None, asked(), "Allow"),
    ("another action", document(statement(action="s3:PutObject")), None, asked(), "ImplicitDeny"),
    ("a wildcard action, any case", document(statement(action="S3:get*")), None, asked(), "Allow"),
    ("another resource", document(statement(resource="arn:aws:s3:::c/*")), None, asked(), "ImplicitDeny"),
    ("capitals of a resource count", document(statement(resource="arn:aws:s3:::B/*")), None, asked(), "ImplicitDeny"),
    ("a question mark", document(statement(resource="arn:aws:s3:::b/photos/?.jpg")), None, asked(), "Allow"),
    ("wildcards in an ARN's parts", document(statement(resource="arn:aws:s3:*:*:b/*")), None, asked(), "Allow"),
    ("a deny beats an allow", document(statement(), statement("Deny")), None, asked(), "ExplicitDeny"),
    ("root needs no allow", NOTHING, None, asked("root"), "Allow"),
    ("root in another account does", NOTHING, None, asked("root", owner=YOU), "ImplicitDeny"),
    ("a deny binds root", NOTHING, ("Deny", "*"), asked("root"), "ExplicitDeny"),
    ("a role by its ARN", NOTHING, ("Allow", {"AWS": ROLE}), asked(), "Allow"),
    ("a session by its ARN", NOTHING, ("Allow", {"AWS": SESSION}), asked(), "Allow"),
    ("another session", NOTHING, ("Allow", {"AWS": SESSION + "2"}), asked(), "ImplicitDeny"),
    ("a user by its ARN", NOTHING, ("Allow", {"AWS": USER}), asked("user"), "Allow"),
    ("a federated user by their own ARN", NOTHING, ("Allow", {"AWS": FEDERATED}), asked("federated"), "Allow"),
    ("the user who federated", NOTHING, ("Allow", {"AWS": USER}), asked("federated"), "Allow"),
    ("everyone", NOTHING, ("Allow", "*"), asked("user"), "Allow"),
    ("everyone as AWS", NOTHING, ("Allow", {"AWS": ["*"]}), asked("anonymous", owner=YOU), "Allow"),
    ("naming the account leaves it to the account", NOTHING, ("Allow", {"AWS": ME}), asked(), "ImplicitDeny"),
    ("naming the account's root does too", NOTHING, ("Allow", {"AWS": ROOT}), asked(), "ImplicitDeny"),
    ("naming the account denies its users", ALLOW, ("Deny", {"AWS": ROOT}), asked("user"), "ExplicitDeny"),
    ("across accounts it alone is too little", NOTHING, ("Allow", {"AWS": ME}), asked(owner=YOU), "ImplicitDeny"),
    ("even for a session by name", NOTHING, ("Allow", {"AWS": SESSION}), asked(owner=YOU), "ImplicitDeny"),
    ("and everyone", NOTHING, ("Allow", "*"), asked(owner=YOU), "ImplicitDeny"),
    ("across accounts both suffice", ALLOW, ("Allow", {"AWS": ROOT}), asked(owner=YOU), "Allow"),
    ("across accounts identity alone does not", ALLOW, None, asked(owner=YOU), "ImplicitDeny"),
    ("root always has its own account's word", NOTHING, ("Allow", {"AWS": ME}), asked("root", owner=YOU), "Allow"),
    ("a canonical user is an account", ALLOW, ("Allow", {"CanonicalUser": BOB_ID}), asked(owner=YOU), "Allow"),
    ("another canonical user", ALLOW, ("Allow", {"CanonicalUser": "c" * 64}), asked(owner=YOU), "ImplicitDeny"),
    ("everyone includes the anonymous", NOTHING, ("Allow", "*"), asked("anonymous", owner=YOU), "Allow"),
    ("an account is not the anonymous", NOTHING, ("Allow", {"AWS": YOU}), asked("anonymous", owner=YOU), "ImplicitDeny"),
    ("a service by name", NOTHING, ("Allow", {"Service": "logs.amazonaws.com"}), asked("service"), "Allow"),
    ("another service", NOTHING, ("Allow", {"Service": "s3.amazonaws.com"}), asked("service"), "ImplicitDeny"),
    ("a service is no account", NOTHING, ("Allow", {"Service": "logs.amazonaws.com"}), asked(), "ImplicitDeny"),
    ("one of several kinds", NOTHING, ("Allow", {"AWS": YOU, "Service": ["logs.amazonaws.com"]}), asked("service"), "Allow"),
    ("a web identity", NOTHING, ("Allow", {"Federated": "www.amazon.com"}),
     asked(aws__FederatedProvider="www.amazon.com"), "Allow"),
]  # fmt: skip


@pytest.mark.parametrize(("_name", "identity", "theirs", "request_", "code"), CASES, ids=[c[0] for c in CASES])
def test_the_evaluation_is_as_documented(_name, identity, theirs, request_, code):
    resource = document(statement(theirs[0], Principal=theirs[1])) if theirs else None

    decision = evaluate(request_, {"p": identity}, resource)

    assert decision.code == code and decision.because
    assert decision.allowed == (code == "Allow")


def test_not_action_and_not_resource():
    def by(**elements):
        return evaluate(asked(), {"p": document({"Effect": "Allow", **elements})}).allowed

    assert by(NotAction="s3:Put*", Resource="*") and not by(NotAction="s3:Get*", Resource="*")
    assert by(Action="*", NotResource="arn:aws:s3:::c/*") and not by(Action="*", NotResource="arn:aws:s3:::b/photos/*")


@pytest.mark.parametrize(
    ("who", "named", "spared"),
    [
        ("user", [USER, ROOT], True),
        ("user", [USER, ME], True),
        ("user", [USER], False),  # "you must also specify the account ARN of the not-denied principal"
        ("user", [ROOT], False),
        ("role", [SESSION, ROLE, ROOT], True),
        ("role", [ROLE, ROOT], False),
        ("role", [SESSION, ROOT], False),
        ("root", [ROOT], True),
        ("root", [YOU], False),
        ("anonymous", [ROOT], False),
        ("service", [ROOT], False),
    ],
)
def test_not_principal_spares_only_who_is_named_at_every_level(who, named, spared):
    theirs = document(statement(Principal="*"), statement("Deny", NotPrincipal={"AWS": named}))

    assert evaluate(asked(who), {}, theirs).code == ("Allow" if spared else "ExplicitDeny")


def test_not_principal_spares_a_service_by_its_name():
    theirs = document(statement(Principal="*"), statement("Deny", NotPrincipal={"Service": "logs.amazonaws.com"}))

    assert evaluate(asked("service"), {}, theirs).allowed


def test_not_principal_always_denies_those_with_a_boundary():
    theirs = document(statement("Deny", NotPrincipal={"AWS": [USER, ROOT]}))

    assert evaluate(asked("user"), {"p": ALLOW}, theirs).allowed
    assert evaluate(asked("user"), {"p": ALLOW}, theirs, boundary=ALLOW).code == "ExplicitDeny"


# -- every combination of the layers against the documented table ---------------------------------


def documented(who, same, identity, resource, boundary, sessions):
    """Return what the User Guide says: the layers are None (absent), "allow", "deny" or "" (neither)."""
    if "deny" in (identity, boundary, sessions) or (resource and resource[0] == "deny"):
        return "ExplicitDeny"
    named = resource[1] if resource and resource[0] == "allow" else ""
    within = boundary in (None, "allow") and sessions in (None, "allow")
    mine = (who == "root" or identity == "allow") and within
    if not same:
        return "Allow" if mine and named else "ImplicitDeny"
    direct = {"user": "user", "role": "session", "federated": "session", "root": "account"}[who]
    behind = {"role": "role", "federated": "user"}.get(who)
    if named in ("everyone", direct if who != "root" else "none") or (named and named == behind and within):
        return "Allow"
    return "Allow" if mine else "ImplicitDeny"


NAMES = {
    "everyone": "*",
    "account": {"AWS": ROOT},
    "user": {"AWS": USER},
    "role": {"AWS": ROLE},
}


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("same", [True, False], ids=["same account", "across"])
def test_every_combination_of_layers_is_decided_as_documented(who, same):
    said = [None, "allow", "deny", ""]
    session_name = {"AWS": SESSION if who == "role" else FEDERATED}
    relevant = {
        "user": ["everyone", "account", "user"],
        "role": ["everyone", "account", "role", "session"],
        "federated": ["everyone", "account", "user", "session"],
        "root": ["everyone", "account"],
    }[who]
    resources = [None, *itertools.product(["allow", "deny"], relevant)]
    papers = {"allow": ALLOW, "deny": DENY, "": document(statement(action="s3:PutObject"))}
    for identity, resource, boundary, sessions in itertools.product(said, resources, said, said):
        theirs = None
        if resource:
            name = session_name if resource[1] == "session" else NAMES[resource[1]]
            theirs = document(statement(resource[0].title(), Principal=name))
        decision = evaluate(
            asked(who, owner=ME if same else YOU),
            {"p": papers[identity]} if identity is not None else {},
            theirs,
            boundary=papers.get(boundary),
            session_policies=None if sessions is None else [papers[sessions]],
        )

        wanted = documented(who, same, identity, resource, boundary, sessions)
        assert decision.code == wanted, (identity, resource, boundary, sessions)
        assert decision.because and decision.layer


def test_session_policies_allow_together_and_an_empty_list_allows_nothing():
    other = document(statement(action="s3:PutObject"))

    assert evaluate(asked(), {"p": ALLOW}, session_policies=[other, ALLOW]).allowed
    decision = evaluate(asked(), {"p": ALLOW}, session_policies=[])
    assert (decision.code, decision.layer) == ("ImplicitDeny", "session")


def test_a_role_trusts_only_whom_its_policy_lets_in():
    def may(who, identity, principal):
        trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
        request = asked(who, action="sts:AssumeRole", resource=f"arn:aws:iam::{ME}:role/target")
        return evaluate(request, identity, trust, resource_must_allow=True).allowed

    able = {"p": document(statement(action="sts:AssumeRole", resource="*"))}
    assert not may("user", able, {"AWS": YOU})
    assert may("user", {}, {"AWS": USER})
    assert may("user", able, {"AWS": ROOT}) and not may("user", {}, {"AWS": ROOT})
    assert not may("root", {}, {"AWS": USER}) and may("root", {}, {"AWS": ROOT})


# -- access control lists and block public access -------------------------------------------------


@pytest.mark.parametrize(
    ("who", "owner", "identity", "everyone", "allowed"),
    [
        ("anonymous", YOU, {}, True, True),
        ("root", YOU, {}, False, True),
        ("user", YOU, {}, False, False),
        ("user", YOU, {}, True, False),
        ("user", YOU, {"p": ALLOW}, False, True),
        ("user", ME, {}, False, False),  # the owner's own grant leaves it to the owner's policies
        ("user", ME, {}, True, True),
        ("user", ME, {"p": DENY}, True, False),
    ],
)
def test_an_acl_counts_like_a_resource_policy(who, owner, identity, everyone, allowed):
    grant = "The bucket's ACL grants READ."

    decision = evaluate(asked(who, owner=owner), identity, acl_allows=grant, acl_everyone=everyone)

    assert decision.allowed is allowed
    if allowed and owner == YOU:
        assert decision.layer == "acl" and grant in decision.because


def test_a_deny_in_the_resource_policy_beats_an_acl():
    theirs = document(statement("Deny", Principal="*"))

    assert evaluate(asked("anonymous"), {}, theirs, acl_allows="Everyone may READ.").code == "ExplicitDeny"


def test_block_public_access_takes_the_allows_of_a_public_policy_and_leaves_its_denies():
    public = statement(Principal="*")
    named = statement(Principal={"AWS": ME}, action="s3:PutObject")
    both = document(public, named)

    decision = evaluate(asked("anonymous", owner=YOU), {}, both, public_block=True)
    assert not decision.allowed and "Block Public Access" in decision.because
    put = asked("root", owner=YOU, action="s3:PutObject")
    assert not evaluate(put, {}, both, public_block=True).allowed
    assert evaluate(put, {}, document(named), public_block=True).allowed
    refused = document(public, statement("Deny", Principal="*"))
    assert evaluate(asked("root", owner=YOU), {}, refused, public_block=True).code == "ExplicitDeny"


# -- variables ------------------------------------------------------------------------------------


def test_a_variable_stands_for_the_callers_value_and_nothing_without_one():
    own = {"p": document(statement(resource="arn:aws:s3:::b/${aws:userid}/*"))}

    assert evaluate(asked(resource="arn:aws:s3:::b/me/x", aws__userid="me"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b/me/x", aws__userid="you"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b//x"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b/me/x", aws__userid=["me"]), own).allowed


def test_a_variables_default_stands_in_for_a_missing_value():
    own = {"p": document(statement(resource="arn:aws:s3:::b/${aws:PrincipalTag/team, 'all'}/*"))}

    assert evaluate(asked(resource="arn:aws:s3:::b/all/x"), own).allowed
    assert evaluate(asked(resource="arn:aws:s3:::b/red/x", **{"aws:principaltag/team": "red"}), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b/all/x", **{"aws:principaltag/team": "red"}), own).allowed


def test_a_values_own_wildcards_are_characters_and_so_are_escaped_ones():
    own = {"p": document(statement(resource="arn:aws:s3:::b/${aws:userid}/${*}${?}${$}"))}

    assert evaluate(asked(resource="arn:aws:s3:::b/*/*?$", aws__userid="*"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b/you/*?$", aws__userid="*"), own).allowed
    assert not evaluate(asked(resource="arn:aws:s3:::b/*/xy$", aws__userid="*"), own).allowed


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_older_versions_know_no_variables(version):
    old = {"Statement": [statement(resource="arn:aws:s3:::b/${aws:userid}/*")]} | (
        {"Version": version} if version else {}
    )

    assert not evaluate(asked(resource="arn:aws:s3:::b/me/x", aws__userid="me"), {"p": old}).allowed
    assert evaluate(asked(resource="arn:aws:s3:::b/${aws:userid}/x", aws__userid="me"), {"p": old}).allowed


def test_a_variable_without_value_in_not_resource_leaves_nothing_out():
    spare = {"p": document({"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/${aws:username}/*"})}

    assert evaluate(asked(), spare).code == "ExplicitDeny"


# -- verdicts -------------------------------------------------------------------------------------


def test_every_statement_says_why_it_did_not_apply():
    some = document(
        statement(action="s3:PutObject", Sid="Writes"),
        statement("Deny", resource="arn:aws:s3:::c/*"),
        statement(Condition={"Bool": {"aws:SecureTransport": "true"}}),
    )
    decision = evaluate(asked(aws__SecureTransport=False), {"p": some}, document(statement(Principal={"AWS": YOU})))

    told = [one.told() for one in decision.considered]
    assert [(one["sid"], one["number"], one["element"]) for one in told] == [
        ("Writes", 1, "Action"), ("statement 2", 2, "Resource"), ("statement 3", 3, "Condition"),
        ("statement 1", 1, "Principal"),
    ]  # fmt: skip
    assert "do not include s3:GetObject" in told[0]["because"] and told[0]["wanted"] == "s3:PutObject"
    assert told[1]["found"] == "arn:aws:s3:::b/photos/a.jpg"
    assert told[2]["wanted"] == {"operator": "Bool", "key": "aws:SecureTransport", "values": ["true"]}
    assert told[2]["found"] is False and "it is false" in told[2]["because"]
    assert told[3]["layer"] == "resource" and told[3]["found"] == SESSION


def test_the_deciding_statement_is_named():
    decision = evaluate(asked(), {"p": document(statement(), statement("Deny", Sid="Never"))})

    assert decision.decided_by == {"source": 'policy "p"', "sid": "Never", "number": 2, "effect": "Deny"}
    assert decision.statement == "Never" and "An explicit deny beats any allow" in decision.because
    assert evaluate(asked("root"), {}).decided_by is None


def test_a_changed_document_is_read_anew():
    some = document(statement())
    assert evaluate(asked(), {"p": some}).allowed

    some["Statement"][0]["Effect"] = "Deny"

    assert evaluate(asked(), {"p": some}).code == "ExplicitDeny"


def test_twenty_statements_cost_well_under_a_tenth_of_a_millisecond():
    condition = {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    some = document(*(statement(resource=f"arn:aws:s3:::b{n}/*", Condition=condition) for n in range(20)))

    # The best of many: other work on the machine only ever makes it slower.
    seconds = min(timeit.repeat(lambda: evaluate(asked(), {"p": some}), number=5, repeat=200)) / 5

    assert seconds < 100e-6


# -- properties -----------------------------------------------------------------------------------

statements_ = st.builds(
    statement,
    effect=st.sampled_from(["Allow", "Deny"]),
    action=st.sampled_from(["s3:GetObject", "s3:*", "s3:PutObject", "*"]),
    resource=st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::c/*"]),
)


@given(st.lists(statements_, max_size=5))
def test_a_matching_deny_always_wins(some):
    decision = evaluate(asked(), {"p": document(*some, statement("Deny", "s3:*", "*"))})

    assert decision.code == "ExplicitDeny"


@given(st.lists(statements_, max_size=5), statements_, st.sampled_from(["identity", "resource", "boundary"]))
def test_one_more_allow_never_takes_away_and_one_more_deny_never_gives(some, more, where):
    def allowed(*added):
        theirs = [{**one, "Principal": {"AWS": ROLE}} for one in added]
        return evaluate(
            asked(),
            {"p": document(*some, *(added if where == "identity" else ()))},
            document(*theirs) if where == "resource" else None,
            boundary=document(statement("Allow", "s3:Get*", "*"), *added) if where == "boundary" else None,
        ).allowed

    before, after = allowed(), allowed(more)
    assert (after or not before) if more["Effect"] == "Allow" else (before or not after)


@given(st.lists(statements_, max_size=4), st.randoms())
def test_the_order_of_statements_does_not_matter(some, random):
    shuffled = random.sample(some, len(some))

    assert evaluate(asked(), {"p": document(*some)}).code == evaluate(asked(), {"p": document(*shuffled)}).code


@given(st.lists(statements_, min_size=1, max_size=4))
def test_a_boundary_never_gives(some):
    without = evaluate(asked(), {"p": ALLOW})
    bounded = evaluate(asked(), {"p": ALLOW}, boundary=document(*some))
    nothing = evaluate(asked(), {}, boundary=document(*some))

    assert without.allowed and (not bounded.allowed or without.allowed) and not nothing.allowed
