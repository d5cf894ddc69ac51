"""`manage.py up`: what `make run` calls. Prepares the data directory, then starts everything in the foreground."""

from django.core.management.base import BaseCommand

from playground.supervise import start


class Command(BaseCommand):
    help = "Start console, AWS endpoint, edges, worker and Redis; Ctrl-C stops all of it."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--quiet", action="store_true", help="do not print URLs and sign-ins")

    def handle(self, *args, **options):
        start.main(quiet=options["quiet"])
