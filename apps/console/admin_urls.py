"""Addresses of the admin pages, under /admin/."""

from django.urls import path

from apps.console import admin_views

app_name = "admin"
urlpatterns = [
    path("", admin_views.accounts, name="accounts"),
    path("accounts/<str:account_id>/suspend", admin_views.suspend, name="suspend"),
    path("requests/", admin_views.requests, name="requests"),
    path("machines/", admin_views.machines, name="machines"),
    path("machines/<str:environment_id>/stop", admin_views.stop, name="stop"),
    path("bills/", admin_views.bills, name="bills"),
]
