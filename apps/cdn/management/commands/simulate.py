"""`manage.py simulate`: send visitors from all over the world to a distribution and sum up what they saw."""

import json

from django.core.management.base import BaseCommand, CommandError

from apps.cdn import visitors
from apps.cdn.models import Distribution


class Command(BaseCommand):
    help = "Send visitors, drawn from the world's cities by population, to a distribution's running edges."

    def add_arguments(self, parser):
        parser.add_argument("--distribution", required=True, metavar="ID", help="the distribution's Id, E...")
        parser.add_argument("--visitors", required=True, type=int, metavar="N", help=f"1 to {visitors.MOST}")
        parser.add_argument("--seed", type=int, default=1, help="the same seed draws the same visitors (default 1)")
        parser.add_argument("--path", action="append", metavar="PATH", help="what they ask for; may be repeated")
        parser.add_argument("--json", action="store_true", help="print the summary as JSON")

    def handle(self, *args, **options):
        wanted = options["distribution"].upper()
        row = Distribution.objects.select_related("account").filter(distribution_id=wanted).first()
        if row is None:
            raise CommandError(f"There is no distribution {options['distribution']}.")
        if not 1 <= options["visitors"] <= visitors.MOST:
            raise CommandError(f"--visitors must be 1 to {visitors.MOST}.")
        paths = [path if path.startswith("/") else "/" + path for path in options["path"] or ()]
        try:
            summary = visitors.send(row, options["visitors"], options["seed"], paths or None)
        except visitors.EdgesDown as err:
            raise CommandError(str(err)) from None
        summary = {"distribution": row.distribution_id, **summary}
        self.stdout.write(json.dumps(summary, indent=1) if options["json"] else table(summary))


def table(summary):
    """Return the summary as lines of text."""
    lines = [
        f"{summary['visitors']:,} visitors in {summary['seconds']} s, seed {summary['seed']}, "
        f"hit ratio {summary['hit_ratio']:.1%}, {summary['bytes_out']:,} bytes out",
        f"median time to first byte: {summary['median_ttfb_ms']} ms with the CDN, "
        f"{summary['median_without_cdn_ms']} ms without",
        "",
        f"{'edge':5} {'city':20} {'visitors':>8} {'hits':>7} {'with ms':>9} {'without ms':>11}",
    ]
    for edge in summary["edges"]:
        lines.append(
            f"{edge['pop']:5} {edge['city'][:20]:20} {edge['visitors']:>8,} {edge['hit_ratio']:>7.1%}"
            f" {edge['median_ttfb_ms']:>9} {edge['median_without_cdn_ms']:>11}"
        )
    return "\n".join(lines)
