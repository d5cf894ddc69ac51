"""The WSGI application: console and AWS endpoint, told apart by the port (playground.hosts)."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from playground.expect import late_continue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
application = late_continue(get_wsgi_application())

# A write gives the interpreter up at each statement and gets it back only when another thread yields; with
# Python's own 5 ms a handful of busy threads made every statement of a commit wait for all of them.
sys.setswitchinterval(0.0005)
