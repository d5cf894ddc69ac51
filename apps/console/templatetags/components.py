"""The console's template components and the filters that say numbers: one system of inclusion tags.

templates/components/README.md shows each with its markup.
"""

import json
from decimal import ROUND_HALF_UP, Decimal
from itertools import count

from django import template
from django.templatetags.static import static
from django.utils.html import format_html

from apps.console import fourways

register = template.Library()
_ids = count(1)


@register.simple_tag
def icon(name):
    """Return a decorative icon of static/icons.svg."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name)


@register.inclusion_tag("components/_empty.html")
def empty(icon, title, text):
    """Show an empty list and say what it is for."""
    return {"icon": icon, "title": title, "text": text}


@register.inclusion_tag("components/_copyable.html")
def copyable(text):
    """Show text with a copy button."""
    return {"text": text, "id": f"copy-{next(_ids)}"}


@register.inclusion_tag("components/_ways.html")
def fourways_of(service, operation, params):
    """Show an operation as CLI, boto3 and raw HTTP. params: the operation's dict."""
    return {"ways": fourways.of(service, operation, params)}


@register.filter
def bytes_short(value):
    """Return a size people read: "3.4 MiB"."""
    size = float(value or 0)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return ""


@register.filter
def ms(value):
    """Return milliseconds: "12.4 ms", "1.20 s"; a dash for none."""
    if value in (None, ""):
        return "–"
    value = float(value)
    if value >= 1000:
        return f"{value / 1000:.2f} s"
    return f"{value:.0f} ms" if value >= 100 else f"{value:.1f} ms"


@register.filter
def usd(value):
    """Return an amount rounded half-up to the cent: "$0.01"; a dash for none."""
    if value is None:
        return "–"
    return f"${Decimal(value).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


@register.filter
def exact(value, most=18):
    """Return a Decimal in plain digits, without trailing zeros, at most 18 places (or as many as told).

    More places are marked: the meters behind a line hold every digit.
    """
    text = format(Decimal(value), "f")
    if "." not in text:
        return text
    whole, _, places = text.partition(".")
    places = places.rstrip("0")
    if len(places) > most:
        return f"{whole}.{places[:most]}…"
    return f"{whole}.{places}" if places else whole


@register.filter
def arn_name(value):
    """Return the name at the end of an ARN: a bucket's, a function's, a distribution's id.

    >>> arn_name("arn:aws:s3:::photos"), arn_name("arn:aws:cloudfront::000000000000:distribution/E1")
    ('photos', 'E1')
    """
    return value.rpartition("/")[2] if ":distribution/" in value else value.rpartition(":")[2]


@register.filter
def pretty_json(value):
    """Return JSON with indents; text that is no JSON as it is."""
    if isinstance(value, bytes | str):
        try:
            value = json.loads(value)
        except ValueError:
            return value if isinstance(value, str) else value.decode("utf-8", "replace")
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """Return the present query string with some parameters changed; None removes one."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            values.pop(name, None)
        else:
            values[name] = value
    return "?" + values.urlencode() if values else "?"
