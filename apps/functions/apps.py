"""Registers the listener of buckets' events when Django starts."""

from importlib import import_module

from django.apps import AppConfig


class FunctionsConfig(AppConfig):
    name = "apps.functions"

    def ready(self):
        import_module("apps.functions.events")
