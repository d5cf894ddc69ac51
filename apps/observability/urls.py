"""Addresses of "why", under /requests/."""

from django.urls import path

from apps.observability import views

app_name = "observability"
urlpatterns = [path("", views.index, name="index"), path("<path:request_id>", views.show, name="show")]
