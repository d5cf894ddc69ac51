"""Statements to begin with: what the policy editor offers to insert, by the kind of the draft."""

ACCOUNT, BUCKET = "ACCOUNT", "BUCKET"  # put in the lab's own before they are shown

_READ = {
    "Sid": "ReadOneBucket",
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"],
}
_WRITE = {
    "Sid": "WriteUnderPrefix",
    "Effect": "Allow",
    "Action": ["s3:PutObject", "s3:DeleteObject"],
    "Resource": "arn:aws:s3:::BUCKET/uploads/*",
}
_HOME = {
    "Sid": "OwnFolder",
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": "arn:aws:s3:::BUCKET/home/${aws:username}/*",
}
_ASSUME = {
    "Sid": "AssumeOneRole",
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Resource": "arn:aws:iam::ACCOUNT:role/NAME",
}
_INVOKE = {
    "Sid": "InvokeFunctions",
    "Effect": "Allow",
    "Action": "lambda:InvokeFunction",
    "Resource": "arn:aws:lambda:*:ACCOUNT:function:*",
}
_LOGS = {
    "Sid": "WriteLogs",
    "Effect": "Allow",
    "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "arn:aws:logs:*:ACCOUNT:*",
}
_KEEP = {"Sid": "NeverDelete", "Effect": "Deny", "Action": ["s3:DeleteObject", "s3:DeleteBucket"], "Resource": "*"}
_FROM = {
    "Sid": "OnlyFromHere",
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}},
}
_IDENTITY = (
    ("Read one bucket", _READ),
    ("Write under a prefix", _WRITE),
    ("A folder of one's own", _HOME),
    ("Assume one role", _ASSUME),
    ("Invoke functions", _INVOKE),
    ("Write logs", _LOGS),
    ("Deny: delete nothing", _KEEP),
    ("Deny: from elsewhere", _FROM),
)
_TRUST = (
    (
        "A function may assume it",
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ),
    (
        "Users of this account, as their policies allow",
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::ACCOUNT:root"}, "Action": "sts:AssumeRole"},
    ),
    (
        "Another account, with an external id",
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "a-secret-both-know"}},
        },
    ),
)
_OBJECTS, _WHOLE = "arn:aws:s3:::BUCKET/*", ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"]
_OF_BUCKET = (
    (
        "Everybody may read objects",
        {"Sid": "PublicRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": _OBJECTS},
    ),
    (
        "One distribution may read objects",
        {
            "Sid": "AllowCloudFront",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": _OBJECTS,
            "Condition": {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::ACCOUNT:distribution/ID"}},
        },
    ),
    (
        "Another account may read",
        {
            "Sid": "OtherAccountReads",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": _WHOLE,
        },
    ),
    (
        "Deny: without TLS",
        {
            "Sid": "OnlyTLS",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": _WHOLE,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ),
    (
        "Deny: deleting versions",
        {
            "Sid": "KeepVersions",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:DeleteObjectVersion",
            "Resource": _OBJECTS,
        },
    ),
)
BY_KIND = {"trust": _TRUST, "bucket": _OF_BUCKET}


def labels(kind):
    """Return [(number, label)] of the statements that fit a kind of draft."""
    return [(number, label) for number, (label, _statement) in enumerate(BY_KIND.get(kind, _IDENTITY))]


def statement(kind, number, account_id, bucket=""):
    """Return one statement with the lab's names in it, or None."""
    found = BY_KIND.get(kind, _IDENTITY)
    return _named(found[number][1], account_id, bucket or "your-bucket") if 0 <= number < len(found) else None


def _named(value, account_id, bucket):
    if isinstance(value, dict):
        return {key: _named(one, account_id, bucket) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one, account_id, bucket) for one in value]
    return value.replace(ACCOUNT, account_id).replace(BUCKET, bucket)
