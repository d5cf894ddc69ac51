"""Addresses of the buckets' pages, under /buckets/."""

from django.urls import path

from apps.buckets import pages, views, views_object, views_objects, views_properties, views_uploads

app_name = "buckets"
urlpatterns = [
    path("", views.index, name="index"),
    path("new", views.new, name="new"),
    path("new/ways", views.new_ways, name="new_ways"),
    path("<str:name>/", views.show, name="show"),
    path("<str:name>/delete-bucket", views.delete_bucket, name="delete_bucket"),
    path("<str:name>/properties/<slug:what>", views_properties.change, name="property"),
    path("<str:name>/ways/<slug:what>", views_objects.ways, name="ways"),
    path("<str:name>/upload", views_objects.upload, name="upload"),
    path("<str:name>/folder", views_objects.folder, name="folder"),
    path("<str:name>/rename", views_objects.rename, name="rename"),
    path("<str:name>/delete", views_objects.delete_objects, name="delete_objects"),
    path("<str:name>/restore", views_objects.restore, name="restore"),
    path("<str:name>/uploads/begin", views_uploads.begin, name="begin"),
    path("<str:name>/uploads/part", views_uploads.part, name="part"),
    path("<str:name>/uploads/parts", views_uploads.parts, name="parts"),
    path("<str:name>/uploads/complete", views_uploads.complete, name="complete"),
    path("<str:name>/uploads/abort", views_uploads.abort, name="abort"),
    path("<str:name>/raw", views_objects.raw, name="raw"),
    path("<str:name>/object", views_object.item, name="object"),
    path("<str:name>/object/<slug:what>", views_object.change, name="change"),
    path("<str:name>/share", views_object.share, name="share"),
    path("<str:name>/policy", pages.policy, name="policy"),
    path("<str:name>/public-access", pages.public_access, name="public_access"),
    path("<str:name>/events", pages.events, name="events"),
]
