"""A lab's own names and numbers, so that a copied answer fails its check.

Derived from the account id and the installation's secret: the same at every visit, different in
every lab, and nobody can work out a classmate's.
"""

import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings

# Far from London, each with an edge of its own nearby; a lab is given one of them.
FAR_CITIES = (
    "Tokyo",
    "Sydney",
    "Rio de Janeiro",
    "Los Angeles",
    "Johannesburg",
    "Mumbai",
    "Singapore",
    "Buenos Aires",
    "Toronto",
    "Seoul",
)
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Numbers:
    """What a tutorial's text may name as {{ lab.<field> }}.

    seed: six letters and digits. width_px: the longest side of the lab's thumbnails. far_city: where
    the lab's other visitor lives.
    """

    account_id: str
    seed: str
    bucket: str
    function: str
    width_px: int
    far_city: str


def of(account):
    """Return a lab's numbers."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"lab {account.account_id}".encode(), hashlib.sha256)
    seed = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:6])
    return Numbers(
        account_id=account.account_id,
        seed=seed,
        bucket=f"photo-{seed}",
        function="thumbnail",
        width_px=140 + digest[6] % 60,
        far_city=FAR_CITIES[digest[7] % len(FAR_CITIES)],
    )
