"""Addresses of the keys' pages, under /keys/."""

from django.urls import path

from apps.kms import views

app_name = "kms"
urlpatterns = [
    path("", views.index, name="index"),
    path("new", views.new, name="new"),
    path("<str:key_id>/", views.show, name="show"),
    path("<str:key_id>/state", views.state, name="state"),
    path("<str:key_id>/rotation", views.rotation, name="rotation"),
    path("<str:key_id>/policy", views.policy, name="policy"),
    path("<str:key_id>/aliases", views.aliases, name="aliases"),
]
