from importlib import import_module

from django.apps import AppConfig


class CdnConfig(AppConfig):
    name = "apps.cdn"

    def ready(self):
        import_module("apps.cdn.visits")  # registers what the journal's visits become; models are ready only now
