"""Registers the journal's readers when Django starts."""

from importlib import import_module

from django.apps import AppConfig


class ObservabilityConfig(AppConfig):
    name = "apps.observability"

    def ready(self):
        import_module("apps.observability.traces")  # its journal handler
