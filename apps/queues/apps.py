"""Registers the listener of buckets' events when Django starts."""

from importlib import import_module

from django.apps import AppConfig


class QueuesConfig(AppConfig):
    name = "apps.queues"

    def ready(self):
        import_module("apps.queues.events")
