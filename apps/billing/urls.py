"""Addresses of the bill, under /bill/."""

from django.urls import path

from apps.billing import views

app_name = "billing"
urlpatterns = [path("", views.show, name="show"), path("meters", views.meters, name="meters")]
