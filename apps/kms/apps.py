from django.apps import AppConfig


class KmsConfig(AppConfig):
    name = "apps.kms"
