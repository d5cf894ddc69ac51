"""The console joins what the rooms know when Django starts."""

from importlib import import_module

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "apps.console"

    def ready(self):
        views = import_module("apps.observability.views")
        views.explainers[:] = import_module("apps.console.explain").EXPLAINERS
