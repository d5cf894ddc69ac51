"""The console's pages: one include() per app."""

from django.urls import path

from playground.health import healthz

urlpatterns = [
    path("healthz", healthz),
]
