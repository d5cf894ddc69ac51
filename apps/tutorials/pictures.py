"""How big a JPEG is, read from its header alone.

A student's bytes are never given to an image library in this process (decoders have holes; that is
what sandboxes are for). The size stands in the frame header, some bytes behind the beginning.
"""

import struct

from apps.buckets import services

HEADER_BYTES = 65536
FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 without the tables between them


def beginning(stored):
    """Return the first bytes of an object. stored: buckets.models.Object."""
    return services.beginning(stored, HEADER_BYTES)


def jpeg_size(data):
    """Return (width, height) in pixels, or None when this is no JPEG.

    Source: ITU-T T.81 annex B.

    >>> jpeg_size(bytes.fromhex("ffd8 ffe0 0004 0000 ffc0 000b 08 0078 00a0 01 000000"))
    (160, 120)
    >>> jpeg_size(b"no picture") is None
    True
    """
    if data[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    return None
