"""`manage.py operations`: every AWS operation by service: works, partial, not built.

--json for programs; --write rewrites the tables of docs/differences.md between their marks.
"""

import json
import re

from django.conf import settings
from django.core.management.base import BaseCommand

from playground import endpoints
from playground.wire import model

BEGIN, END = "<!-- operations: begin -->", "<!-- operations: end -->"
NAMES = {
    "s3": "Amazon S3",
    "s3control": "Amazon S3 Control",
    "lambda": "AWS Lambda",
    "cloudfront": "Amazon CloudFront",
    "iam": "AWS IAM",
    "sts": "AWS STS",
    "logs": "Amazon CloudWatch Logs",
    "sqs": "Amazon SQS",
    "kms": "AWS KMS",
}


def table():
    """Return {service: [{"operation", "state", "differs", "no_effect"}]} of every operation the services have."""
    found = {}
    for name, joined in endpoints.SERVICES.items():
        rows = []
        for operation in model.load(name).model.operation_names:
            if operation in model.overlay.RETIRED.get(name, ()):
                continue
            state = (
                "not built"
                if operation not in joined.operations
                else "partial"
                if operation in joined.partial
                else "works"
            )
            rows.append(
                {
                    "operation": operation,
                    "state": state,
                    "differs": joined.partial.get(operation, ""),
                    "no_effect": joined.no_effect.get(operation, []),
                }
            )
        found[name] = rows
    return found


def markdown():
    """Return the tables of docs/differences.md: what works and what is partial; what is not built as a list."""
    lines = []
    for name, rows in table().items():
        built = [row for row in rows if row["state"] != "not built"]
        lines += [f"### {NAMES[name]}: {len(built)} of {len(rows)} operations", ""]
        lines += ["| operation | state | what differs | stored, no effect here |", "|---|---|---|---|"]
        for row in sorted(built, key=lambda row: row["operation"]):
            silent = ", ".join(f"`{one}`" for one in row["no_effect"])
            lines.append(f"| {row['operation']} | {row['state']} | {row['differs']} | {silent} |")
        missing = sorted(row["operation"] for row in rows if row["state"] == "not built")
        lines += ["", f"<details><summary>{len(missing)} not built (501 NotImplemented)</summary>", ""]
        lines += [", ".join(missing), "", "</details>", ""]
    return "\n".join(lines)


class Command(BaseCommand):
    help = "List every AWS operation by service: works, partial (with what differs), not built."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--markdown", action="store_true", help="print the tables of docs/differences.md")
        parser.add_argument("--write", action="store_true", help="rewrite those tables in docs/differences.md")

    def handle(self, *args, **options):
        if options["json"]:
            self.stdout.write(json.dumps(table(), indent=1))
        elif options["markdown"]:
            self.stdout.write(markdown())
        elif options["write"]:
            path = settings.BASE_DIR / "docs/differences.md"
            text = path.read_text()
            path.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{markdown()}{END}", text, flags=re.S))
        else:
            for name, rows in table().items():
                self.stdout.write(NAMES[name])
                for row in rows:
                    self.stdout.write(f"  {row['state']:<10} {row['operation']}  {row['differs']}")
