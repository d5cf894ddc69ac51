"""What a behavior does, in sentences: what makes two requests the same, and how long an edge keeps an answer."""

from apps.cdn import policies

UNITS = (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
PROTOCOLS = {
    "allow-all": "HTTP and HTTPS",
    "https-only": "HTTPS only",
    "redirect-to-https": "HTTPS; HTTP is redirected",
}


def duration(seconds):
    """Return a time as a person says it.

    >>> duration(86400), duration(31536000), duration(90), duration(0)
    ('1 day', '1 year', '90 seconds', '0 seconds')
    """
    for name, length in UNITS:
        if seconds >= length and seconds % length == 0:
            count = seconds // length
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "0 seconds"


def policy_of(behavior):
    """Return the CachePolicy that a behavior of the wire follows."""
    return policies.managed().get(behavior.get("CachePolicyId")) or policies.legacy(behavior)


def lifetime(policy):
    """Say how long an edge may keep an answer."""
    if policy.rfc9111:
        return "As RFC 9111 says, with no minimum and no default of CloudFront's."
    if policy.max_ttl == 0:
        return "Not at all: every request goes on to the origin."
    longest = f"at most {duration(policy.max_ttl)}"
    low = f"at least {duration(policy.min_ttl)}, " if policy.min_ttl else ""
    silent = duration(policy.default_ttl) if policy.default_ttl else "not at all"
    return f"As the origin's Cache-Control says, {low}{longest}; {silent} when it says nothing."


def key(policy):
    """Say what, beside host and path, makes two requests different."""
    if policy.rfc9111:
        return "Scheme, host, path, the whole query string, and what Vary names."
    parts = [
        _chosen("query string", policy.query_strings, policy.query_string_names),
        _chosen("cookie", policy.cookies, policy.cookie_names),
        f"the header{'' if len(policy.headers) == 1 else 's'} {', '.join(policy.headers)}" if policy.headers else "",
        "whether gzip or Brotli is understood" if policy.gzip or policy.brotli else "",
    ]
    told = [part for part in parts if part]
    return "Host, path" + (f", {', '.join(told)}." if told else " and nothing else.")


def _chosen(what, choice, names):
    listed = ", ".join(sorted(names))
    return {
        "none": "",
        "all": f"every {what}",
        "whitelist": f"the {what}s {listed}",
        "allExcept": f"every {what} but {listed}",
    }[choice]


def behaviors(config):
    """Return a distribution's behaviors as the page shows them, in the order in which they are tried."""
    rows = [*(config.get("CacheBehaviors") or {}).get("Items", ()), config["DefaultCacheBehavior"]]
    found = []
    for row in rows:
        policy = policy_of(row)
        found.append(
            {
                "pattern": row.get("PathPattern", "everything else" if len(rows) > 1 else "everything"),
                "origin": row["TargetOriginId"],
                "policy": policy.name,
                "lifetime": lifetime(policy),
                "key": key(policy),
                "protocol": PROTOCOLS.get(row.get("ViewerProtocolPolicy"), row.get("ViewerProtocolPolicy")),
            }
        )
    return found
