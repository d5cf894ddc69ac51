"""Registers the journal's reader of meters when Django starts."""

from importlib import import_module

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "apps.billing"

    def ready(self):
        import_module("apps.billing.invoices")  # its journal handler
