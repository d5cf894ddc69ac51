"""Which stored answers an invalidation's paths name.

A path names a file ("/a.jpg"), a folder by a trailing wildcard ("/a/*", "/a*") or everything ("/*").
It fits with every query string, unless it has one itself. Upper and lower case differ; `%41` and `A`
are the same. Pure. Source: CloudFront Developer Guide, "Invalidate files: what you need to know".
"""

from urllib.parse import quote, unquote


def normal(path):
    """Return a path in one spelling, its first slash added.

    >>> normal("images/%41 b.jpg")
    '/images/A%20b.jpg'
    """
    return "/" + quote(unquote(path).lstrip("/"), safe="/~*'()!,;:@&=+$-_.")


def matcher(paths):
    """Return matches(path, query) for the paths of an invalidation; cheap however many there are."""
    exact, prefixes = set(), []
    for path in paths:
        plain, mark, query = path.partition("?")
        text = normal(plain) + mark + query
        if text.endswith("*"):
            prefixes.append(text[:-1])
        else:
            exact.add(text)
    starts = tuple(prefixes)

    def matches(path, query):
        plain = normal(path)
        full = f"{plain}?{query}" if query else plain
        return plain in exact or full in exact or full.startswith(starts)

    return matches
