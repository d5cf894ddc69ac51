"""Checksums of finished uploads: composite ones of the parts', or of all bytes without reading them again.

Source: S3 User Guide, "Checking object integrity"; API Reference, CompleteMultipartUpload.
"""

import base64

from awscrt import checksums as crc

from apps.buckets import errors
from playground.wire.body import CHECKSUMS

ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
# CRC of two neighbours from the CRCs of both and the second's length in bytes.
COMBINE = {"CRC32": crc.combine_crc32, "CRC32C": crc.combine_crc32c, "CRC64NVME": crc.combine_crc64nvme}
SIZES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8}
DEFAULT = "CRC64NVME"


def asked(request):
    """Return the algorithm that a request asks for, "" for none. Errors: InvalidRequest."""
    algorithm = (request.get("ChecksumAlgorithm") or "").upper()
    if algorithm and algorithm not in ALGORITHMS:
        raise errors.InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    return algorithm


def chosen(request):
    """Return (algorithm, type) that an upload asks for, ("", "") for none. Errors: InvalidRequest."""
    algorithm = asked(request)
    kind = (request.get("ChecksumType") or "").upper()
    if kind and not algorithm:
        raise errors.InvalidRequest(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
        )
    if kind and kind not in ("COMPOSITE", "FULL_OBJECT"):
        raise errors.InvalidRequest("Value for x-amz-checksum-type header is invalid.")
    wrong = (kind == "COMPOSITE" and algorithm == DEFAULT) or (kind == "FULL_OBJECT" and algorithm not in COMBINE)
    if wrong:
        raise errors.InvalidRequest(
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm."
        )
    if algorithm and not kind:
        kind = "FULL_OBJECT" if algorithm == DEFAULT else "COMPOSITE"
    return algorithm, kind


def check_part(upload, body):
    """Refuse a part whose checksum is of another algorithm than its upload's, or lacks one that only clients know.

    Source: S3 User Guide, "Checking object integrity", "Using part-level checksums for multipart uploads".
    """
    wanted = upload.checksum_algorithm
    sent = next(iter(getattr(body, "declared", {})), None)
    if not wanted or sent == wanted or (sent is None and upload.checksum_type == "FULL_OBJECT"):
        return
    raise errors.InvalidRequest(
        f"Checksum Type mismatch occurred, expected checksum Type: {wanted.lower()}, actual checksum Type: "
        f"{sent.lower() if sent else 'null'}"
    )


def check_listed(upload, listed):
    """Refuse a completion of a composite upload that does not repeat its parts' checksums. listed: its Parts."""
    algorithm = upload.checksum_algorithm
    if not algorithm or upload.checksum_type != "COMPOSITE":
        return
    for one in listed:
        if not one.get(f"Checksum{algorithm}"):
            raise errors.InvalidRequest(
                f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the "
                f"checksum for each part. It was missing for part {one['PartNumber']} in the request."
            )


def composite(algorithm, parts):
    """Return the checksum of the parts' checksums, with their count: "base64-3"."""
    digest = CHECKSUMS[algorithm]()
    for part in parts:
        digest.update(base64.b64decode(part.checksums[algorithm]))
    return f"{base64.b64encode(digest.digest()).decode()}-{len(parts)}"


def whole(algorithm, parts):
    """Return the checksum of all bytes, from the parts' own."""
    total = None
    for part in parts:
        value = int.from_bytes(base64.b64decode(part.checksums[algorithm]), "big")
        total = value if total is None else COMBINE[algorithm](total, value, part.size_bytes)
    return base64.b64encode((total or 0).to_bytes(SIZES[algorithm], "big")).decode()


def of_upload(upload, parts):
    """Return (checksums, type) of a finished object, ({}, type) where its parts do not tell enough."""
    algorithm, kind = upload.checksum_algorithm, upload.checksum_type
    if algorithm and kind == "COMPOSITE" and all(algorithm in part.checksums for part in parts):
        return {algorithm: composite(algorithm, parts)}, "COMPOSITE"
    candidates = [algorithm] if algorithm else [DEFAULT, "CRC32", "CRC32C"]
    for name in candidates:
        if name in COMBINE and all(name in part.checksums for part in parts):
            return {name: whole(name, parts)}, "FULL_OBJECT"
    return {}, "FULL_OBJECT"
