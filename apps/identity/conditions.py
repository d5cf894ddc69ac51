"""The Condition element of a statement: is the request as it wants it? Pure.

Words: an *operator* compares (StringEquals); a *quantifier* (ForAllValues, ForAnyValue) says how many of a key's
values must fit; *IfExists* forgives an absent key. All tests of a block must hold; of one test's values one must
fit, and with a negated operator none may.
Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Creating a condition with multiple keys
or values".
"""

import base64
import binascii
import operator
import re
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from ipaddress import ip_address, ip_network

from apps.identity.patterns import Pattern, listed

MALFORMED = (ValueError, TypeError, OverflowError, InvalidOperation, binascii.Error)


def text_of(value) -> str:
    """Return a value as policies write it: true, not True."""
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- how each family reads a value ----------------------------------------------------------------


@lru_cache(maxsize=1024)
def number(text: str) -> Decimal:
    """Return a number. Errors: InvalidOperation, ValueError."""
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


@lru_cache(maxsize=1024)
def moment(text: str) -> datetime:
    """Return an aware datetime of ISO 8601 (as W3C allows: 2026, 2026-01, ...) or of seconds since 1970."""
    if re.fullmatch(r"\d{5,}(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    if re.fullmatch(r"\d{4}(-\d\d)?", text):
        text += "-01-01"[len(text) - 4 :]
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def address(text: str):
    """Return an IP address; an IPv4 address dressed as IPv6 is the IPv4 one."""
    found = ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def network(text: str):
    return ip_network(text, strict=False)


def octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


# -- operators: how each makes its wanted values ready --------------------------------------------


def _patterns(**how):
    """Return a maker for texts and ARNs: wanted values may hold variables, and * and ? where the operator has them."""

    def make(wanted: list, variables: bool):
        ready = [Pattern(text_of(one), variables=variables, **how) for one in wanted]
        if how.get("arn"):
            # Fewer than six parts are no ARN, and nothing is like it; "*" alone is like all.
            ready = [one for one in ready if one.arn or one.prefix == ""]

        def fits(value, keys):
            text = text_of(value)
            return any(one.fits(text, keys) for one in ready)

        return fits

    return make


def _values(read, compare):
    """Return a maker for what is read before it is compared; what cannot be read fits nothing. No variables."""

    def make(wanted: list, variables: bool):
        ready = []
        for one in wanted:
            with suppress(*MALFORMED):
                ready.append(read(text_of(one)))

        def fits(value, keys):
            try:
                return any(compare(text_of(value), one) for one in ready)
            except MALFORMED:
                return False

        return fits

    return make


def _ordered(name: str, read) -> dict:
    """Return a family's six operators, numbers' or dates'."""
    tests = {
        "equals": operator.eq,
        "lessthan": operator.lt,
        "lessthanequals": operator.le,
        "greaterthan": operator.gt,
        "greaterthanequals": operator.ge,
    }

    def comparing(test):
        return _values(read, lambda value, one: test(read(value), one))

    found = {name + end: (comparing(test), False) for end, test in tests.items()}
    found[name + "notequals"] = (comparing(operator.eq), True)
    return found


# Operator -> (maker, whether it is negated).
_OPERATORS = {
    "stringequals": (_patterns(wild=False), False),
    "stringnotequals": (_patterns(wild=False), True),
    "stringequalsignorecase": (_patterns(wild=False, fold=True), False),
    "stringnotequalsignorecase": (_patterns(wild=False, fold=True), True),
    "stringlike": (_patterns(), False),
    "stringnotlike": (_patterns(), True),
    "arnequals": (_patterns(arn=True), False),
    "arnlike": (_patterns(arn=True), False),
    "arnnotequals": (_patterns(arn=True), True),
    "arnnotlike": (_patterns(arn=True), True),
    "bool": (_patterns(wild=False, fold=True), False),
    "binaryequals": (_values(octets, lambda value, one: octets(value) == one), False),
    "ipaddress": (_values(network, lambda value, one: address(value) in one), False),
    "notipaddress": (_values(network, lambda value, one: address(value) in one), True),
    **_ordered("numeric", number),
    **_ordered("date", moment),
}


def parts_of(name: str) -> tuple[str, str, bool]:
    """Return (quantifier, base, whether IfExists) of an operator's name, in lower case.

    >>> parts_of("ForAnyValue:StringLikeIfExists")
    ('foranyvalue', 'stringlike', True)
    """
    quantifier, _, rest = name.lower().rpartition(":")
    return quantifier, rest.removesuffix("ifexists"), rest.endswith("ifexists")


def known_operator(name: str) -> bool:
    """Tell whether a condition operator exists."""
    quantifier, base, if_exists = parts_of(name)
    if base == "null":
        return not if_exists and not quantifier
    return base in _OPERATORS and quantifier in ("", "forallvalues", "foranyvalue")


class Test:
    """One operator on one key, made ready once. operator, key and wanted are as the policy has them."""

    __slots__ = ("_fits", "if_exists", "key", "lookup", "negated", "operator", "quantifier", "wanted")
    __test__ = False  # for pytest, which collects classes of this name

    def __init__(self, name: str, key: str, wanted, variables: bool):
        self.operator, self.key, self.wanted, self.lookup = name, key, listed(wanted), key.lower()
        self.quantifier, base, self.if_exists = parts_of(name)
        if base == "null":
            self.negated, self._fits = False, None
            return
        make, self.negated = _OPERATORS.get(base, (_values(text_of, lambda value, one: False), False))
        self._fits = make(self.wanted, variables)

    def holds(self, keys: dict) -> bool:
        """Tell whether the request's keys (names in lower case) are as wanted."""
        value = keys.get(self.lookup)
        if isinstance(value, list | tuple):
            found = list(value) or None
        else:
            found = None if value is None else [value]
        if self._fits is None:
            return any((found is None) == (text_of(one).lower() == "true") for one in self.wanted)
        if self.quantifier:
            return self._quantified(None if found == [""] else found, keys)
        if found is None:
            return self.negated or self.if_exists
        if self.negated:
            return not any(self._fits(one, keys) for one in found)
        return any(self._fits(one, keys) for one in found)

    def _quantified(self, found, keys: dict) -> bool:
        """An absent key, and one without any value, satisfies ForAllValues and fails ForAnyValue."""
        every = self.quantifier == "forallvalues"
        if found is None:
            return every or self.if_exists
        fitting = (self._fits(one, keys) != self.negated for one in found)
        return all(fitting) if every else any(fitting)


def compiled(block, variables: bool) -> tuple[Test, ...]:
    """Return the tests of a Condition element. variables: whether its policy's version knows them."""
    if not isinstance(block, dict):
        return ()
    return tuple(
        Test(name, key, wanted, variables)
        for name, tests in block.items()
        for key, wanted in (tests.items() if isinstance(tests, dict) else ())
    )
