"""Tags of objects and buckets: their rules, and their three spellings. Pure but for errors.

Source: S3 User Guide, "Categorizing your objects using tags"; API Reference, PutObjectTagging.
"""

import re
from urllib.parse import parse_qsl

from apps.buckets import errors

OF_AN_OBJECT, OF_A_BUCKET = 10, 50
KEY_LENGTH, VALUE_LENGTH = 128, 256
_ALLOWED = re.compile(r"[\w\s+\-=.:/@]*")  # letters, digits and spaces of any script, and these


def check(pairs, limit=OF_AN_OBJECT):
    """Return tags as a dict. pairs: [(key, value)]. Errors: InvalidTag."""
    if len(pairs) > limit:
        what = "Object" if limit == OF_AN_OBJECT else "Bucket"
        raise errors.InvalidTag(f"{what} tags cannot be greater than {limit}")
    found = {}
    for key, value in pairs:
        if not key or len(key) > KEY_LENGTH or not _ALLOWED.fullmatch(key):
            raise errors.InvalidTag("The TagKey you have provided is invalid", TagKey=key)
        if len(value) > VALUE_LENGTH or not _ALLOWED.fullmatch(value):
            raise errors.InvalidTag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        if key.lower().startswith("aws:"):
            raise errors.InvalidTag("System tags cannot be added/updated by requester", TagKey=key)
        if key in found:
            raise errors.InvalidTag("Cannot provide multiple Tags with the same key", TagKey=key)
        found[key] = value
    return found


def of_header(text):
    """Return the tags of x-amz-tagging ("a=1&b=2"). Errors: as check(), InvalidArgument."""
    if not text:
        return {}
    pairs = parse_qsl(text, keep_blank_values=True)
    if not pairs:
        raise errors.InvalidArgument(
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
            "name duplicates.",
            ArgumentName="x-amz-tagging",
            ArgumentValue=text,
        )
    return check(pairs)


def of_set(tagging, limit=OF_AN_OBJECT):
    """Return the tags of a Tagging structure. Errors: as check(), MalformedXML."""
    if not tagging or tagging.get("TagSet") is None:
        raise errors.MalformedXML()
    if any("Key" not in tag for tag in tagging["TagSet"]):
        raise errors.MalformedXML()
    return check([(tag["Key"], tag.get("Value", "")) for tag in tagging["TagSet"]], limit)


def to_set(tags):
    """Return a TagSet."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
