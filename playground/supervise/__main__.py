"""`python -m playground.supervise [--quiet]` is `manage.py up`."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
    execute_from_command_line(["manage.py", "up", *sys.argv[1:]])
