from importlib import import_module

from django.apps import AppConfig


class TutorialsConfig(AppConfig):
    name = "apps.tutorials"

    def ready(self):
        import_module("apps.tutorials.offer")  # it needs the models, which exist only now
