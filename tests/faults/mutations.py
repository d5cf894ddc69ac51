"""Sound requests of every kind, and the ways to spoil them. Everything comes from one random.Random."""

import base64
import hashlib
import json

from tests.faults.raw import Sent, chunked, presign, sign

KEYS = ("a", "folder/b", "c d+e", "ü", "multi")
SUBRESOURCES = (
    "acl", "versioning", "tagging", "policy", "cors", "website", "lifecycle", "encryption", "logging", "notification",
    "object-lock", "retention", "legal-hold", "uploads", "versions", "delete", "location", "publicAccessBlock",
    "ownershipControls", "requestPayment", "accelerate", "replication", "policyStatus", "inventory&id=1", "metrics&id=1",
    "analytics&id=1", "intelligent-tiering&id=1", "attributes", "torrent", "restore", "select&select-type=2", "list-type=2",
)  # fmt: skip
NUMBERS = (
    "", "0", "-1", "1", "5", "10001", "2147483648", "99999999999999999999", "1e9", "NaN", "inf", "0x10", "1_0", " 7 ",
    "٣", "²", "abc", "%00", "%FF", "9" * 5000, "-" * 3, "1.5", "true",
)  # fmt: skip
TEXTS = (
    "", "x", "\x00", "\x7f", "é", "\xff\xfe", "日本".encode().decode("latin-1"), "a" * 300, "a" * 9000, "../..", "%2e%2e",
    "null", "None", "{}", "[]", "<a/>", "'; DROP TABLE x; --", "\t", "=", "&", ",", ";", "\"", "*", "%", "%s", "${x}",
    "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999Z", "10000-01-01", "0001-01-01T00:00:00Z", "Thu, 99 Foo 2026",
    "Thu, 01 Jan 0000 00:00:00 GMT", "1e400", "2026-02-30",
)  # fmt: skip
HEADERS = (
    "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Content-MD5", "Content-Type",
    "Content-Encoding", "Cache-Control", "Expires", "Expect", "Origin", "Cookie", "Accept-Encoding", "User-Agent",
    "x-amz-acl", "x-amz-grant-read", "x-amz-grant-full-control", "x-amz-tagging", "x-amz-tagging-directive",
    "x-amz-metadata-directive", "x-amz-storage-class", "x-amz-copy-source", "x-amz-copy-source-range",
    "x-amz-copy-source-if-match", "x-amz-copy-source-if-modified-since", "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-context",
    "x-amz-server-side-encryption-bucket-key-enabled", "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-MD5",
    "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold",
    "x-amz-bypass-governance-retention", "x-amz-checksum-crc32", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256",
    "x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode", "x-amz-sdk-checksum-algorithm",
    "x-amz-trailer", "x-amz-decoded-content-length", "x-amz-mp-object-size", "x-amz-expected-bucket-owner",
    "x-amz-security-token", "x-amz-meta-a", "x-amz-meta-", "x-amz-object-attributes", "x-amz-max-parts",
    "x-amz-part-number-marker", "x-amz-website-redirect-location", "x-amz-request-payer", "x-amz-mfa",
    "x-amz-if-match-size", "x-amz-if-match-last-modified-time", "x-amz-write-offset-bytes", "x-amz-target",
    "x-amz-object-ownership", "x-amz-bucket-object-lock-enabled", "x-amz-optional-object-attributes",
)  # fmt: skip
PARAMETERS = (
    "prefix", "delimiter", "marker", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner",
    "versionId", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads", "uploadId", "partNumber",
    "part-number-marker", "max-parts", "response-expires", "response-content-type", "response-cache-control", "x-id",
    "list-type", "max-buckets", "bucket-region", "id", "X-Amz-Expires", "X-Amz-Date", "X-Amz-Credential", "Action",
)  # fmt: skip
METHODS = (
    "GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "G", "X" * 40,
)  # fmt: skip

XML = {
    "versioning": "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
    "acl": '<AccessControlPolicy><Owner><ID>x</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>',
    "cors": "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin><MaxAgeSeconds>5</MaxAgeSeconds></CORSRule></CORSConfiguration>",
    "website": "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a</KeyPrefixEquals></Condition><Redirect><ReplaceKeyWith>b</ReplaceKeyWith><HttpRedirectCode>301</HttpRedirectCode></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>",
    "lifecycle": "<LifecycleConfiguration><Rule><ID>r</ID><Filter><And><Prefix>x</Prefix><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status><Expiration><Days>3650</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>900</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>",
    "encryption": "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
    "logging": "<BucketLoggingStatus><LoggingEnabled><TargetBucket>none</TargetBucket><TargetPrefix>x</TargetPrefix></LoggingEnabled></BucketLoggingStatus>",
    "notification": "<NotificationConfiguration><QueueConfiguration><Queue>arn:aws:sqs:us-east-1:000000000000:none</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>",
    "object-lock": "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
    "ownershipControls": "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
    "requestPayment": "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
    "accelerate": "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>",
    "inventory&id=1": "<InventoryConfiguration><Id>1</Id><IsEnabled>true</IsEnabled><IncludedObjectVersions>All</IncludedObjectVersions><Destination><S3BucketDestination><Bucket>arn:aws:s3:::x</Bucket><Format>CSV</Format></S3BucketDestination></Destination><Schedule><Frequency>Daily</Frequency></Schedule></InventoryConfiguration>",
}  # fmt: skip
XML_OF_KEYS = {
    "tagging": XML["tagging"],
    "acl": XML["acl"],
    "retention": "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate></Retention>",
    "legal-hold": "<LegalHold><Status>OFF</Status></LegalHold>",
}
DELETE = "<Delete><Object><Key>none</Key></Object><Object><Key>other</Key><VersionId>null</VersionId></Object></Delete>"
COMPLETE = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>"
BOMB = (
    "<!DOCTYPE l ["
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
    + "]><VersioningConfiguration><Status>&l9;</Status></VersioningConfiguration>"
)
EXTERNAL = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Tagging><TagSet><Tag><Key>&e;</Key></Tag></TagSet></Tagging>'
PARAMETER_ENTITY = '<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/x"> %e;]><Tagging/>'


def code(text):
    """Percent-encode a text for a path."""
    return "".join(
        c if c.isalnum() and c.isascii() or c in "/-._~" else "".join(f"%{b:02X}" for b in c.encode()) for c in text
    )


class Kind:
    """Makes requests on one bucket. place: {"host", "bucket", "victim", "upload", "version"}."""

    def __init__(self, random, key, place):
        self.random, self.key, self.place = random, key, place
        self.root = f"/{place['bucket']}"

    def _sent(self, method, target, query="", body=b"", **headers):
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        length = [("Content-Length", str(len(body)))] if body or method in ("PUT", "POST") else []
        return Sent(method, target, query, [("Host", self.place["host"]), *length, *named], body)

    def _object(self):
        return f"{self.root}/{code(self.random.choice(KEYS))}"

    def _data(self):
        return self.random.randbytes(self.random.choice((0, 1, 100, 5000, 40000)))

    def sound(self):
        """Return a request that would succeed, or be refused for what it names, unsigned."""
        makes = [
            self._put, self._put, self._get, self._get, self._copy, self._delete, self._list, self._configure,
            self._configure, self._configure_object, self._read_configuration, self._multipart, self._many, self._policy,
        ]  # fmt: skip
        return self.random.choice(makes)()

    def _put(self):
        data = self._data()
        digest = base64.b64encode(hashlib.md5(data).digest()).decode()
        return self._sent("PUT", self._object(), body=data, Content_MD5=digest, x_amz_meta_a="b")

    def _get(self):
        method = self.random.choice(("GET", "HEAD"))
        return self._sent(
            method, self._object(), Range=f"bytes={self.random.randrange(50)}-{self.random.randrange(90)}"
        )

    def _copy(self):
        return self._sent("PUT", self._object(), x_amz_copy_source=self._object(), x_amz_metadata_directive="REPLACE")

    def _delete(self):
        return self._sent("DELETE", self._object(), self.random.choice(("", f"versionId={self.place['version']}")))

    def _list(self):
        kind = self.random.choice(("list-type=2&", "", "versions&", "uploads&"))
        return self._sent("GET", self.root, f"{kind}prefix=f&delimiter=%2F&max-keys=2")

    def _configure(self):
        name = self.random.choice(list(XML))
        return self._sent("PUT", self.root, name, XML[name].encode())

    def _configure_object(self):
        name = self.random.choice(list(XML_OF_KEYS))
        return self._sent("PUT", self._object(), name, XML_OF_KEYS[name].encode())

    def _read_configuration(self):
        target = self.random.choice((self.root, self._object()))
        return self._sent(self.random.choice(("GET", "DELETE")), target, self.random.choice(SUBRESOURCES))

    def _multipart(self):
        upload = f"uploadId={self.place['upload']}"
        target = f"{self.root}/multi"
        return self.random.choice(
            (
                lambda: self._sent("POST", target, "uploads"),
                lambda: self._sent("PUT", target, f"partNumber=1&{upload}", self._data()),
                lambda: self._sent("PUT", target, f"partNumber=2&{upload}", x_amz_copy_source=self._object()),
                lambda: self._sent("POST", target, upload, COMPLETE.encode()),
                lambda: self._sent("GET", target, upload + "&max-parts=1"),
            )
        )()

    def _many(self):
        return self._sent("POST", self.root, "delete", DELETE.encode())

    def _policy(self):
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.root}/*",
        }
        return self._sent(
            "PUT", self.root, "policy", json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
        )

    # -- spoiling before the signature ----------------------------------------------------------------

    def spoil(self, sent):
        """Change something of a request; what it becomes is signed afterwards."""
        ways = [
            self._method, self._path, self._path, self._query, self._query, self._query, self._header, self._header,
            self._header, self._length, self._body, self._body, self._xml, self._xml,
        ]  # fmt: skip
        way = self.random.choice(ways)
        sent.note += way.__name__
        way(sent)
        return sent

    def _method(self, sent):
        sent.method = self.random.choice(METHODS)

    def _path(self, sent):
        victim = self.place["victim"]
        tricks = (
            "..", "/..", "/../..", "%2e%2e", "/%2E%2E/%2e%2e/", "//", "///", "/./", "%2F", "%2f%2F", "%00", "%FF%FE", "%C0%AF",
            "%ED%A0%80", "%ZZ", "%", "%1", "\\", ";x", "#f", "+", "%0d%0a", "%F0%9F%98%80", "\xc3\xbc", "\xff", "%252F",
            f"/../{victim}/secret", f"%2F..%2F{victim}%2Fsecret", "/" + "k" * 1025, "/" + "k" * 9000, "/" + "%C3%A9" * 513,
            "/" + "/".join("d" * 600), "~", "%7E", "'", '"', "<", "|", "\x01",
        )  # fmt: skip
        trick = self.random.choice(tricks)
        place = self.random.choice((0, len(sent.target), self.random.randrange(len(sent.target) + 1)))
        sent.target = sent.target[:place] + trick + sent.target[place:]
        if self.random.random() < 0.1:
            sent.target = self.random.choice(
                ("*", "", "/", f"http://{self.place['host']}{sent.target}", "//" + sent.target)
            )

    def _value(self):
        return self.random.choice(self.random.choice((NUMBERS, TEXTS)))

    def _query(self, sent):
        pairs = [pair for pair in sent.query.split("&") if pair]
        value = code(self._value()) if self.random.random() < 0.7 else self._value().replace(" ", "+")
        pick = self.random.random()
        if pairs and pick < 0.3:
            pairs.append(self.random.choice(pairs))
        elif pairs and pick < 0.5:
            place = self.random.randrange(len(pairs))
            pairs[place] = pairs[place].partition("=")[0] + "=" + value
        elif pick < 0.7:
            pairs.append(self.random.choice(SUBRESOURCES))
        else:
            pairs += [f"{self.random.choice(PARAMETERS)}={value}"] * self.random.choice((1, 1, 1, 2, 40))
        self.random.shuffle(pairs)
        sent.query = "&".join(pairs)

    def _header(self, sent):
        name, value = self.random.choice(HEADERS), self._value().replace("\n", "")
        pick = self.random.random()
        if pick < 0.75:
            sent.put(name, value)
        elif pick < 0.8:
            sent.headers += [(name, value), (name, self._value())]
        elif pick < 0.85:
            sent.headers += [(f"x-amz-meta-{n}", "v" * 40) for n in range(self.random.choice((60, 90, 200)))]
        elif pick < 0.9:
            sent.put(
                "Host",
                self.random.choice(
                    (
                        "",
                        "x",
                        "a.b.s3.localhost",
                        "%.s3.localhost",
                        "[::1",
                        "é",
                        "localhost:99999999",
                        "a" * 300 + ".s3.localhost",
                    )
                ),
            )
        else:
            broken = (
                "no colon at all",
                " folded: x",
                ": empty",
                "bad name: x",
                "x\x00y: z",
                "x: \x00",
                "é: x",
                "x" * 9000 + ": y",
            )
            sent.headers.append(
                (self.random.choice(broken).partition(":")[0], self.random.choice(("x", "a\x00b", "y" * 70000)))
            )

    def _length(self, sent):
        pick = self.random.random()
        if pick < 0.3:
            sent.put(
                "Content-Length", self.random.choice(("-1", "+5", "5,5", "0x5", "", "abc", "²", "1e3", " 3", "9" * 30))
            )
        elif pick < 0.45:
            sent.headers.append(("Content-Length", str(len(sent.body) + self.random.choice((0, 1)))))
        elif pick < 0.6:
            sent.headers.append(
                ("Transfer-Encoding", self.random.choice(("chunked", "gzip", "chunked, chunked", "identity", "x")))
            )
        elif pick < 0.7:
            sent.headers = [pair for pair in sent.headers if pair[0] != "Content-Length"]
        else:
            self._truncate(sent)
            return
        sent.cut = len(sent.body)  # the framing is a lie, perhaps: say that nothing follows

    def _truncate(self, sent):
        if sent.body:
            sent.cut = self.random.randrange(len(sent.body))
        else:
            sent.put("Content-Length", "100")
            sent.cut = 0

    def _body(self, sent):
        data = bytearray(sent.body or b"x")
        pick = self.random.random()
        if pick < 0.3:
            for _ in range(self.random.choice((1, 3, 20))):
                data[self.random.randrange(len(data))] = self.random.randrange(256)
        elif pick < 0.5:
            data = data[: self.random.randrange(len(data))]
        elif pick < 0.6:
            data = data * self.random.choice((2, 3))
        elif pick < 0.7:
            data = bytearray(
                self.random.choice((b"", b"{}", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"[" * 5000, b"\0" * 50))
            )
        elif pick < 0.85:
            sent.put("Content-MD5", self.random.choice(("", "x", "AAAA", base64.b64encode(b"0" * 16).decode(), "é")))
        else:
            sent.put(
                "x-amz-content-sha256",
                self.random.choice(("0" * 64, "", "UNSIGNED-PAYLOAD", "x", "STREAMING-X", "é" * 64)),
            )
        self._with_body(sent, bytes(data))

    def _with_body(self, sent, data):
        sent.body = data
        sent.put("Content-Length", str(len(data)))

    def _xml(self, sent):
        name = self.random.choice([*XML, *XML_OF_KEYS])
        text = XML.get(name) or XML_OF_KEYS[name]
        sent.method, sent.query = "PUT", name
        sent.target = self.root if name in XML else self._object()
        if self.random.random() < 0.25:
            sent.method, sent.query, text = (
                "POST",
                *self.random.choice((("delete", DELETE), (f"uploadId={self.place['upload']}", COMPLETE))),
            )
            sent.target = self.root + ("" if sent.query == "delete" else "/multi")
        self._with_body(sent, self._spoiled_xml(text).encode("utf-8", "surrogateescape"))

    def _spoiled_xml(self, text):
        pick = self.random.random()
        if pick < 0.08:
            return self.random.choice((BOMB, EXTERNAL, PARAMETER_ENTITY))
        if pick < 0.16:
            depth = self.random.choice((31, 33, 2000, 60000))
            return "<a>" * depth + "</a>" * depth
        if pick < 0.2:
            return text.replace("><", "><x/>" * self.random.choice((1, 5000)) + "<", 1)
        values = [
            (at + 1, text.index("<", at))
            for at in range(len(text))
            if text[at] == ">" and text[at + 1 : at + 2] not in ("", "<")
        ]
        if pick < 0.7 and values:
            first, end = self.random.choice(values)
            value = self._value().replace("&", "&amp;").replace("<", "&lt;")
            return (
                text[:first]
                + self.random.choice((value, "&#0;", "&#xD800;", "<!-- -->", "<![CDATA[x]]>", "&nope;"))
                + text[end:]
                if self.random.random() < 0.3
                else text[:first] + value + text[end:]
            )
        tags = [at for at in range(len(text)) if text[at] == "<"]
        at = self.random.choice(tags)
        end = text.index(">", at) + 1
        return self.random.choice(
            (text[:at] + text[end:], text[:end] + text[at:], text[:at], text[:at].swapcase() + text[at:])
        )

    # -- the signature, and spoiling after it -------------------------------------------------------------

    def signed(self, sent):
        """Sign a request: as a rule in the header, sometimes in the query, in chunks, by a clock that is wrong, or not at all."""
        pick = self.random.random()
        streams = (
            sent.method == "PUT" and not sent.query and sent.cut is None and sent.header("x-amz-content-sha256") is None
        )
        if streams and pick < 0.5:
            return self._framing(sent)
        if pick < 0.06:
            return presign(
                sent, self.key, self.random.choice(("600", "604800", "0", "-1", "604801", "x", "", "9" * 40))
            )
        if pick < 0.1:
            return sent
        return sign(sent, self.key)

    def spoil_signature(self, sent):
        """Change something that was signed already."""
        sent.note += "+signature"
        value = sent.header("authorization") or ""
        pick = self.random.random()
        if pick < 0.4:
            sent.put(
                "Authorization",
                self.random.choice(
                    (
                        value[:-4] + "0000", value.replace("us-east-1", "x"), value.replace("/s3/", "/lambda/"), value[:50],
                        value.replace("host;", ""), value.replace("SignedHeaders", "Signed"), value.replace("AKIA", "BKIA"),
                        "AWS key:signature", "Bearer x", "", "é", "AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256 Credential=////,SignedHeaders=;,Signature=",
                        value.replace("Signature=", "Signature=é"), value * 3, value.replace("/", "/é/", 1),
                    )
                ),
            )  # fmt: skip
        elif pick < 0.6:
            sent.put(
                "x-amz-date",
                self.random.choice(
                    ("", "x", "20200101T000000Z", "99999999T999999Z", "20261301T000000Z", "²0261124T000000Z")
                ),
            )
        elif pick < 0.8:
            sent.headers.append(("x-amz-meta-later", "not signed"))
        else:
            sent.query += "&later=1"
        return sent

    def _framing(self, sent):
        """Return an aws-chunked request, its framing spoiled as a rule."""
        data = self._data() or b"x"
        sent.headers = [pair for pair in sent.headers if pair[0] != "Content-MD5"]
        cut = self.random.randrange(len(data)) + 1
        trailer = self.random.choice(
            ("", "", "x-amz-checksum-crc32:AAAAAA==", "x-amz-checksum-sha256:x", "x-amz-checksum-crc32:²")
        )
        found = chunked(sent, self.key, data, [cut, len(data) - cut] if cut < len(data) else [cut], trailer)
        found.note += "framing"
        body, first = found.body, found.body.index(b"\r\n")
        size = body[:first].split(b";")[0]
        rest = body[len(size) :]
        spoiled = self.random.choice(
            (
                body, body, b"-5" + rest, b"-" + body, b"0x" + body, b" " + body, b"1_0" + rest, b"" + rest, b"zz" + rest, b"+" + body,
                b"ffffffffffffffffffff" + rest, b"0" + rest, "²".encode() + rest, body[:-7], body[: first + 2], b"\r\n" + body,
                body.replace(b"\r\n", b"\n"), body[:first] + b"x" * 9000 + body[first:], b"f" * 9000, body + b"extra",
                body.replace(b"chunk-signature=", b"chunk-signature=0"), body.replace(b"chunk-signature", b"x"),
                body.replace(b"AAAA", b"\xff\xfe"), body + b"x: y\r\n" * 5000, size + b";" * 5000 + rest,
            )
        )  # fmt: skip
        found.body = spoiled
        found.put("Content-Length", str(len(spoiled)))
        if self.random.random() < 0.1:
            found.cut = self.random.randrange(len(spoiled)) if spoiled else 0
        return found

    def next(self):
        """Return the next request to send."""
        sent = self.sound()
        for _ in range(self.random.choice((0, 1, 1, 1, 2))):
            sent = self.spoil(sent)
        sent = self.signed(sent)
        if self.random.random() < 0.15:
            sent = self.spoil_signature(sent)
        return sent
