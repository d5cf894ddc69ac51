"""CDN-Cache-Control: what an origin tells CDNs alone, over the heads of Cache-Control and Expires (RFC 9213).

Its value is a structured field, a Dictionary (RFC 8941), read strictly: one that does not parse is ignored
as a whole, and then Cache-Control counts. Pure: standard library only.
"""

import re

KEY = r"[a-z*][a-z0-9_\-.*]*"
BARE = r'(?:-?\d{1,12}\.\d{1,3}|-?\d{1,15}|"(?:[ !#-\[\]-~]|\\["\\])*"|\?[01]|:[A-Za-z0-9+/=]*:|[A-Za-z*][!#-\'*+\-./0-9:A-Z^-z|~]*)'
PARAMETERS = rf"(?:; *{KEY}(?:={BARE})?)*"
MEMBER = re.compile(rf"({KEY})(?:=({BARE}))?{PARAMETERS}")
BETWEEN = re.compile(r"[ \t]*,[ \t]*")
NUMBERS = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")


def directives(value):
    """Return the directives of a CDN-Cache-Control field, spelled as Cache-Control's, or None to ignore it.

    >>> directives("max-age=60, must-revalidate")
    {'max-age': '60', 'must-revalidate': None}
    >>> directives('max-age="60"') is None, directives("max-age=60, &&&") is None
    (True, True)
    """
    text = (value or "").strip(" ")
    found, at = {}, 0
    while at < len(text):
        member = MEMBER.match(text, at)
        if member is None:
            return None
        name, argument = member.groups()
        if name in NUMBERS and not (argument or "").isdigit():
            return None
        if argument != "?0":
            found[name] = argument
        at = member.end()
        if at == len(text):
            break
        comma = BETWEEN.match(text, at)
        if comma is None or comma.end() == len(text):
            return None
        at = comma.end()
    return found or None
