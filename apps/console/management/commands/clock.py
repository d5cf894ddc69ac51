"""`manage.py clock --account ID advance 90d`: move a lab's clock forward, and do what falls due on the way."""

import re
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from apps.buckets import lifecycle
from apps.buckets.models import Bucket
from apps.identity.models import Account
from playground import clock

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
MOST = 3650 * 86400  # seconds, ten years


class Command(BaseCommand):
    help = "Move a lab's clock forward: clock --account 12DIGITS advance 90d (or 12h, 30m, 45s)"

    def add_arguments(self, parser):
        parser.add_argument("--account", required=True, help="12 digits")
        parser.add_argument("verb", choices=("advance",))
        parser.add_argument("by", help="a number and d, h, m or s")

    def handle(self, *args, **options):
        account = Account.objects.filter(account_id=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']}.")
        acts = advance(account, _seconds(options["by"]))
        when = clock.now(account).strftime("%Y-%m-%d %H:%M:%S")
        self.stdout.write(f"It is {when} UTC in {account.account_id}; acts that lifecycle rules had due: {acts}.")


def _seconds(text):
    found = re.fullmatch(r"(\d+)([dhms])", text)
    if not found or not 0 < int(found[1]) * UNITS[found[2]] <= MOST:
        raise CommandError(f"{text!r} is no span of up to ten years: write 90d, 12h, 30m or 45s.")
    return int(found[1]) * UNITS[found[2]]


def advance(account, seconds):
    """Move a clock, stopping at each midnight: rules fall due there, in the order of the days. Returns the acts."""
    end, acts = clock.now(account) + timedelta(seconds=seconds), 0
    while (left := end - clock.now(account)) > timedelta():
        now = clock.now(account)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        step = min(left, midnight - now + timedelta(seconds=1))
        account.clock_offset_seconds += max(1, round(step.total_seconds()))
        account.save(update_fields=["clock_offset_seconds"])
        for bucket in Bucket.objects.filter(account=account, configurations__has_key="Lifecycle"):
            bucket.account = account
            acts += lifecycle.run(bucket)
    return acts
