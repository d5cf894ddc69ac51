"""Tags of keys, and what the service refuses of them."""

from apps.kms import errors

MOST = 50


def read(tags, present):
    """Return {name: value} of the present tags with new ones over them. tags: [{"TagKey", "TagValue"}] or None.

    Errors: TagException, LimitExceededException.
    """
    names = [tag["TagKey"] for tag in tags or ()]
    if len(set(names)) < len(names):
        raise errors.Tag("Duplicate tag keys")
    if any(name.lower().startswith("aws:") for name in names):
        raise errors.Tag("Tags beginning with aws: are reserved")
    found = {**present, **{tag["TagKey"]: tag["TagValue"] for tag in tags or ()}}
    if len(found) > MOST:
        raise errors.LimitExceeded("Too many tags")
    return found
