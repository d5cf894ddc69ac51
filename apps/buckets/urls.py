"""Addresses of the buckets' pages, under /buckets/."""

from django.urls import path

from apps.buckets import pages, views

app_name = "buckets"
urlpatterns = [
    path("", views.index, name="index"),
    path("new", views.new, name="new"),
    path("<str:name>/", views.show, name="show"),
    path("<str:name>/upload", views.upload, name="upload"),
    path("<str:name>/object", views.item, name="object"),
    path("<str:name>/raw", views.raw, name="raw"),
    path("<str:name>/delete", views.delete_objects, name="delete_objects"),
    path("<str:name>/delete-bucket", views.delete_bucket, name="delete_bucket"),
    path("<str:name>/policy", pages.policy, name="policy"),
    path("<str:name>/public-access", pages.public_access, name="public_access"),
    path("<str:name>/events", pages.events, name="events"),
]
