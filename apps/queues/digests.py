"""The MD5 sums that clients check: of a body, and of message attributes. Pure.

Source: Amazon SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
"""

import base64
import hashlib
import struct

STRING, BINARY = b"\x01", b"\x02"


def of_body(body):
    """Return the MD5 of a message's body in hex.

    >>> of_body("test")
    '098f6bcd4621d373cade4e832627b4f6'
    """
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def of_attributes(attributes):
    """Return the MD5 of message attributes in hex, "" when there are none.

    attributes: {name: {"DataType": str, "StringValue": str or "BinaryValue": base64 text}}

    >>> of_attributes({"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}})
    '235c5c510d26fb653d073faed50ae77c'
    """
    if not attributes:
        return ""
    told = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        one = attributes[name]
        binary = "BinaryValue" in one
        value = base64.b64decode(one["BinaryValue"]) if binary else one["StringValue"].encode()
        for part in (name.encode(), one["DataType"].encode()):
            told.update(struct.pack(">I", len(part)) + part)
        told.update((BINARY if binary else STRING) + struct.pack(">I", len(value)) + value)
    return told.hexdigest()
