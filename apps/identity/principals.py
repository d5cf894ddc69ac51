"""The Principal and NotPrincipal elements: whom does a resource's policy mean? Pure.

Words: naming someone is *direct* (everyone, this user, this session, this service), of the *identity* behind a
session (its role; the user who federated), or of the whole *account*. The difference decides: a direct allow needs
nothing else within the account; one of the identity stays within its boundary and session policies; one of
the account only lets that account's own policies allow.
Source: IAM User Guide, "AWS JSON policy elements: Principal", "... NotPrincipal", "Policy evaluation logic".
"""

import re

from apps.identity.patterns import listed

DIRECT, IDENTITY, ACCOUNT, NONE = "direct", "identity", "account", ""
ACCOUNT_NAME = re.compile(r"(\d{12})|arn:aws:iam::(\d{12}):root")


class Principals:
    """A Principal element, made ready once."""

    __slots__ = ("accounts", "arns", "canonical", "everyone", "federated", "services")

    def __init__(self, element):
        self.everyone = element == "*"
        self.accounts, self.arns, self.canonical, self.federated, self.services = set(), set(), set(), set(), set()
        kinds = {"CanonicalUser": self.canonical, "Federated": self.federated, "Service": self.services}
        for kind, names in element.items() if isinstance(element, dict) else ():
            for name in listed(names):
                if kind == "AWS":
                    self._add(str(name))
                elif kind in kinds:
                    kinds[kind].add(name)

    def _add(self, name: str) -> None:
        account = ACCOUNT_NAME.fullmatch(name)
        if name == "*":
            self.everyone = True
        elif account:
            self.accounts.add(account[1] or account[2])
        else:
            self.arns.add(name)

    def names(self, request) -> str:
        """Return how the element names who asks: DIRECT, IDENTITY, ACCOUNT or NONE. request: an AccessRequest."""
        if self.everyone or (request.service and request.service in self.services):
            return DIRECT
        if self.federated and request.keys.get("aws:federatedprovider") in self.federated:
            return DIRECT
        if not request.principal_account:
            return NONE
        if request.principal_arn in self.arns:
            return DIRECT
        if request.role_arn and request.role_arn in self.arns:
            return IDENTITY
        if request.principal_account in self.accounts or (request.canonical_id in self.canonical):
            return ACCOUNT
        return NONE

    def spares(self, request) -> bool:
        """Tell whether a Deny with this as NotPrincipal leaves out who asks.

        It must name them at every level: their account, their role if they are a session, and themselves.
        """
        if self.everyone or not request.principal_account:
            return self.names(request) == DIRECT
        if request.principal_account not in self.accounts and request.canonical_id not in self.canonical:
            return False
        if request.role_arn and request.role_arn not in self.arns:
            return False
        return request.is_root or request.principal_arn in self.arns
