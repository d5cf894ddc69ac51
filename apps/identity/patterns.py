"""Does a text fit a pattern of a policy? Wildcards, ARNs part by part, variables. Pure.

Words: a *wildcard* is * (any characters) or ? (exactly one); a *variable* is ${aws:username}, replaced by the
caller's value, or by its *default* in ${aws:username, 'nobody'}; ${*}, ${?} and ${$} are the characters themselves.
Variables exist only in policies of version 2012-10-17; in older ones the text stands for itself.
Source: IAM User Guide, "IAM policy elements: Variables and tags", "IAM JSON policy elements: Resource".
"""

import re
from functools import lru_cache

VARIABLE = re.compile(r"\$\{([^}]*)\}")
FIXED = re.compile(r"[^*?$]*")
ARN_PARTS = 6


def listed(value) -> list:
    """Return a policy element as a list: one value or many."""
    return value if isinstance(value, list) else [value]


class Pattern:
    """One pattern, made ready once and asked many times.

    text: as the policy has it. wild: whether * and ? mean anything. arn: a wildcard in one of the first five
    parts of an ARN stays within it. fold: capitals are like small letters. variables: whether ${...} is one.
    """

    __slots__ = ("arn", "exact", "fold", "lead", "pieces", "prefix", "regex", "wild")

    def __init__(self, text: str, *, wild: bool = True, arn: bool = False, fold: bool = False, variables: bool = False):
        self.wild, self.fold = wild, fold
        text = text.lower() if fold else text
        # An abbreviated ARN ("arn:aws:logs:*") has no parts to keep apart: its * stands for all the rest.
        self.arn = arn and text.count(":") >= ARN_PARTS - 1
        self.exact = self.prefix = self.regex = self.pieces = None
        self.lead = FIXED.match(text)[0] if wild else text.partition("$")[0]
        if variables and "${" in text:
            self.pieces = VARIABLE.split(text)
        elif not wild or not ("*" in text or "?" in text):
            self.exact = text
        elif self._ends_open(text):
            self.prefix = text[:-1]
        else:
            self.regex = re.compile(self._regex(text, 0)[0], re.S)

    def _ends_open(self, text: str) -> bool:
        """Tell whether the only wildcard is a * at the end that may stand for anything."""
        body = text[:-1]
        return text[-1] == "*" and "*" not in body and "?" not in body and not (self.arn and body.count(":") < 5)

    def _regex(self, text: str, colons: int) -> tuple[str, int]:
        """Return a regular expression for a piece of the pattern, and how many colons there are up to its end."""
        found = []
        for character in text:
            within = "[^:]" if self.arn and colons < ARN_PARTS - 1 else "."
            colons += character == ":"
            if self.wild and character in "*?":
                found.append(within + ("*" if character == "*" else ""))
            else:
                found.append(re.escape(character))
        return "".join(found), colons

    def fits(self, text: str, keys: dict) -> bool:
        """Tell whether a text fits. keys: the request's condition keys, from which variables take their values."""
        text = text.lower() if self.fold else text
        if self.exact is not None:
            return text == self.exact
        if self.prefix is not None:
            return text.startswith(self.prefix)
        if not text.startswith(self.lead):  # spares nearly all the work below
            return False
        if self.regex is not None:
            return self.regex.fullmatch(text) is not None
        filled = self._filled(keys)
        return filled is not None and _compiled(filled).fullmatch(text) is not None

    def _filled(self, keys: dict) -> str | None:
        """Return the regular expression with values in place of variables; None when one has no value."""
        found, colons = [], 0
        for place, piece in enumerate(self.pieces):
            if place % 2:
                value = value_of(piece, keys)
                if value is None:
                    return None
                found.append(re.escape(value.lower() if self.fold else value))  # a value's own * is no wildcard
                continue
            regex, colons = self._regex(piece, colons)
            found.append(regex)
        return "".join(found)


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern:
    return re.compile(regex, re.S)


def value_of(variable: str, keys: dict) -> str | None:
    """Return what stands for a variable, without its braces; None when nothing does.

    >>> value_of("aws:username", {"aws:username": "mary"})
    'mary'
    >>> value_of("aws:PrincipalTag/team, 'company-wide'", {})
    'company-wide'
    """
    if variable in ("*", "?", "$"):
        return variable
    name, comma, default = variable.partition(",")
    value = keys.get(name.strip().lower())
    if value is None or isinstance(value, list | tuple):  # a key of many values cannot be a variable
        default = default.strip()
        return default[1:-1] if comma and len(default) > 1 and default[0] == default[-1] == "'" else None
    return str(value).lower() if isinstance(value, bool) else str(value)


@lru_cache(maxsize=4096)
def _plain(pattern: str, fold: bool) -> Pattern:
    return Pattern(pattern, fold=fold)


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Tell whether a text fits a pattern of * and ?.

    >>> matches("arn:aws:s3:::photos/*", "arn:aws:s3:::photos/a/b.jpg")
    True
    >>> matches("s3:get?bject", "s3:GetObject", ignore_case=True)
    True
    """
    return _plain(pattern, ignore_case).fits(text, {})
