"""`manage.py seed`: make the sign-ins, the demo lab and the ready-made site, unless they are there."""

from django.core.management.base import BaseCommand

from apps.console import seeding


class Command(BaseCommand):
    help = "Make what a fresh playground holds; does nothing when it is all there."
    requires_system_checks = []

    def handle(self, *args, **options):
        seeding.seed()
        if options["verbosity"]:
            self.stdout.write("\n".join(seeding.sign_in_lines()))
