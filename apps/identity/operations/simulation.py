"""The policy simulator: what would be decided, and by which statements, without asking for anything.

Source: IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy, GetContextKeysForCustomPolicy and
GetContextKeysForPrincipalPolicy; IAM User Guide, "IAM policy testing with the IAM policy simulator".
"""

import json
import re
from dataclasses import dataclass, field
from itertools import product

from apps.identity import attached, entities, policy
from apps.identity.errors import InvalidInput, NoSuchEntity
from apps.identity.operations import documents, shown

DECISIONS = {"Allow": "allowed", "ExplicitDeny": "explicitDeny", "ImplicitDeny": "implicitDeny"}
TYPES = {"identity": "IAM Policy", "resource": "Resource Policy", "boundary": "IAM Permissions Boundary Policy"}
VARIABLE = re.compile(r"\$\{([\w:/-]+)")


@dataclass
class Simulated:
    """What a simulation is about: id of a policy -> its document, and the text that positions refer to."""

    identity: dict = field(default_factory=dict)
    texts: dict = field(default_factory=dict)
    boundary: dict | None = None
    keys: dict = field(default_factory=dict)
    caller: str = ""

    def add(self, name, document, text=None):
        self.identity[name] = document
        self.texts[name] = text or json.dumps(document)


def simulate_custom_policy(ctx, request):
    """Decide on policies that need not exist.

    request: {"PolicyInputList": [text], "ActionNames", "ResourceArns", "ResourcePolicy", "ResourceOwner", "CallerArn",
    "ContextEntries", "PermissionsBoundaryPolicyInputList"}. Returns one result for each action and resource.
    """
    simulated = Simulated(caller=request.get("CallerArn", ""))
    _add_inputs(simulated, request)
    return _results(ctx, request, simulated)


def simulate_principal_policy(ctx, request):
    """Decide on the policies that a user, group or role has, with others added. Errors: NoSuchEntity.

    request: as simulate_custom_policy has it, with "PolicySourceArn" for whose policies.
    """
    row = _source(ctx, request)
    simulated = Simulated(caller=request.get("CallerArn") or ("" if row.kind == "group" else row.arn))
    excluded = set(request.get("PolicyExclusionList") or ())
    for name, document in _policies(ctx, row).items():
        if name not in excluded:
            simulated.add(name, document)
    if row.kind != "group" and row.boundary:
        simulated.boundary = attached.document_of(ctx.account, row.boundary)
    if row.kind == "user" and simulated.caller == row.arn:
        simulated.keys = {"aws:username": row.name, "aws:userid": row.unique_id}
    if row.kind != "group" and simulated.caller == row.arn:
        simulated.keys |= {f"aws:principaltag/{name.lower()}": value for name, value in row.tags.items()}
    _add_inputs(simulated, request)
    return _results(ctx, request, simulated)


def get_context_keys_for_custom_policy(_ctx, request):
    """Return the condition keys that policies ask for."""
    return {"ContextKeyNames": _asked([documents.identity(text) for text in request["PolicyInputList"]])}


def get_context_keys_for_principal_policy(ctx, request):
    """Return the condition keys that the policies of a user, group or role ask for."""
    found = list(_policies(ctx, _source(ctx, request)).values())
    found += [documents.identity(text) for text in request.get("PolicyInputList") or ()]
    return {"ContextKeyNames": _asked(found)}


def _source(ctx, request):
    """Return the user, group or role of a simulation. Errors: NoSuchEntity, InvalidInput."""
    arn = request["PolicySourceArn"]
    parts = entities.PRINCIPAL_ARN.fullmatch(arn)
    if not parts:
        raise InvalidInput(f"Invalid Entity Arn: {arn}")
    row = entities.by_arn(arn) if parts["account"] == ctx.account.account_id else None
    if row is None:
        raise NoSuchEntity(f"{parts['kind'].capitalize()} {parts['name']} does not exist.")
    return row


def _policies(ctx, row):
    """Return {id: document} of a user with its groups, of a group or of a role, under the ids the simulator gives."""
    found = {}
    for holder in [row, *(row.groups.all() if row.kind == "user" else ())]:
        found |= {f"{holder.kind}_{holder.name}_{name}": document for name, document in holder.policies.items()}
        arns = holder.attachments.values_list("policy_arn", flat=True)
        held = attached.documents_of(ctx.account, list(arns))
        found |= {arn.rpartition("/")[2]: document for arn, document in held.items()}
    return found


def _add_inputs(simulated, request):
    for number, text in enumerate(request.get("PolicyInputList") or (), 1):
        simulated.add(f"PolicyInputList.{number}", documents.identity(text), text)
    bounds = request.get("PermissionsBoundaryPolicyInputList")
    if bounds:
        simulated.boundary = documents.identity(bounds[0])
    for entry in request.get("ContextEntries") or ():
        values = entry.get("ContextKeyValues") or []
        many = entry.get("ContextKeyType", "string").endswith("List")
        simulated.keys[entry["ContextKeyName"].lower()] = values if many or not values else values[0]


def _results(ctx, request, simulated):
    resource_policy = None
    if request.get("ResourcePolicy"):
        try:
            resource_policy = policy.parse(request["ResourcePolicy"])
        except policy.Malformed as err:
            raise InvalidInput(f"ResourcePolicy: {err}") from None
        simulated.texts["ResourcePolicy"] = request["ResourcePolicy"]
    for name in request["ActionNames"]:
        if not re.fullmatch(r"[\w.-]+:[\w*]+", name):
            raise InvalidInput(f"Invalid Action Name: {name}")
    everything = [*simulated.identity.values(), simulated.boundary, resource_policy]
    missing = [key for key in _asked(everything) if key.lower() not in simulated.keys]
    pairs = product(request["ActionNames"], request.get("ResourceArns") or ["*"])
    found = [_result(_decide(ctx, request, simulated, resource_policy, *pair), simulated, missing) for pair in pairs]
    for number, one in enumerate(found):
        one["number"] = f"{number:06d}"
    told = shown.page(request, found, "EvaluationResults", key=lambda one: one["number"])
    for one in told["EvaluationResults"]:
        del one["number"]
    return told


def _decide(ctx, request, simulated, resource_policy, action, resource):
    """Return the engine's Decision on one action and resource."""
    own = ctx.account.account_id
    caller = simulated.caller
    account = caller.split(":")[4] if caller.count(":") >= 5 else own
    owner = re.search(r"\d{12}", request.get("ResourceOwner", ""))
    keys = {"aws:principalarn": caller, "aws:principalaccount": account} if caller else {}
    asked = policy.AccessRequest(
        principal_arn=caller,
        principal_account=account,
        action=action,
        resource=resource,
        owner_account=owner[0] if owner else account,
        keys=keys | simulated.keys,
        is_root=caller.endswith(":root"),
    )
    return policy.evaluate(asked, simulated.identity, resource_policy, boundary=simulated.boundary)


def _result(decision, simulated, missing):
    """Return an EvaluationResult."""
    effect = "Deny" if decision.code == "ExplicitDeny" else "Allow"
    matched = [one for one in decision.considered if one.applies and one.effect == effect and one.layer != "boundary"]
    if decision.code == "ExplicitDeny":
        matched = [one for one in decision.considered if one.applies and one.effect == "Deny"]
    told = {
        "EvalActionName": decision.request.action,
        "EvalResourceName": decision.request.resource,
        "EvalDecision": DECISIONS[decision.code],
        "MatchedStatements": [_matched(one, simulated) for one in matched],
        "MissingContextValues": missing,
    }
    if simulated.boundary is not None:
        told["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": bool(decision.sides.boundary)}
    if decision.request.principal_account != decision.request.owner_account:
        told["EvalDecisionDetails"] = {
            TYPES[layer]: _layer_decision(decision, layer) for layer in ("identity", "resource")
        }
    return told


def _layer_decision(decision, layer):
    effects = {one.effect for one in decision.considered if one.layer == layer and one.applies}
    return "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"


def _matched(one, simulated):
    """Return a Statement: the policy it is in and where it stands there."""
    if one.layer == "identity":
        name = one.source.removeprefix('policy "').removesuffix('"')
    else:
        name = {"resource": "ResourcePolicy", "boundary": "PermissionsBoundaryPolicyInputList.1"}[one.layer]
    told = {"SourcePolicyId": name, "SourcePolicyType": TYPES[one.layer]}
    if name in simulated.texts:
        text = simulated.texts[name]
        start, end = spans(text)[one.number - 1]
        told |= {"StartPosition": _position(text, start), "EndPosition": _position(text, end)}
    return told


def _position(text, offset):
    return {"Line": text.count("\n", 0, offset) + 1, "Column": offset - text.rfind("\n", 0, offset)}


def spans(text):
    """Return where each statement of a policy's text begins and ends.

    >>> text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}, {}]}'
    >>> [text[start:end] for start, end in spans(text)]
    ['{"Effect": "Deny"}', '{}']
    """
    read = json.JSONDecoder().raw_decode
    space = re.compile(r"[\s,:]*")

    def members(at, closing):
        at = space.match(text, at + 1).end()
        while text[at] != closing:
            value, end = read(text, at)
            yield value, at, end
            at = space.match(text, end).end()

    previous = None
    for value, start, end in members(text.index("{"), "}"):
        if previous == "Statement":
            return [(a, b) for _, a, b in members(start, "]")] if text[start] == "[" else [(start, end)]
        previous = value if previous is None else None
    return []


def _asked(found):
    """Return the condition keys that documents ask for, as they write them: in conditions and as variables."""
    names = {}
    for document in found:
        for statement in policy.statements(document):
            for tests in statement.get("Condition", {}).values():
                names |= {key.lower(): key for key in tests}
            for element in ("Resource", "NotResource", "Condition"):
                keys = VARIABLE.findall(json.dumps(statement.get(element, "")))
                names |= {key.lower(): key for key in keys if key.lower() not in names}
    return sorted(names.values(), key=str.lower)
