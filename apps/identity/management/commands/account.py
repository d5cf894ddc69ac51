"""`manage.py account create`: make a lab and print its keys as JSON."""

import json

from django.core.management.base import BaseCommand, CommandError

from apps.identity import accounts


class Command(BaseCommand):
    help = (
        "Make an account: account create --name N [--account-id 12DIGITS] [--access-key K --secret-key S] [--email E]"
    )

    def add_arguments(self, parser):
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make an account and print it as JSON")
        create.add_argument("--name", required=True)
        create.add_argument("--account-id", help="12 digits; random when not given")
        create.add_argument("--access-key")
        create.add_argument("--secret-key")
        create.add_argument("--email", default="")
        create.add_argument(
            "--new-buckets",
            choices=("before-2023", "today"),
            default="before-2023",
            help="how buckets begin: before-2023 with ACLs and nothing blocked, as older tools and suites expect "
            "(the default here); today without ACLs and blocking public access, as labs of the console do",
        )

    def handle(self, *args, **options):
        try:
            account = accounts.create(
                name=options["name"],
                account_id=options["account_id"],
                access_key=options["access_key"],
                secret_key=options["secret_key"],
                email=options["email"],
                buckets_as_before_2023=options["new_buckets"] == "before-2023",
            )
        except accounts.Refused as err:
            raise CommandError(str(err)) from None
        key = account.access_keys.get()
        told = {
            "account_id": account.account_id,
            "canonical_id": account.canonical_id,
            "name": account.name,
            "email": account.email,
            "access_key_id": key.access_key_id,
            "secret_access_key": key.secret_access_key,
        }
        self.stdout.write(json.dumps(told))
