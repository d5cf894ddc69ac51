"""Addresses of the queues' pages, under /queues/."""

from django.urls import path

from apps.queues import views

app_name = "queues"
urlpatterns = [
    path("", views.index, name="index"),
    path("new", views.new, name="new"),
    path("<str:region>/<str:name>/", views.show, name="show"),
    path("<str:region>/<str:name>/waiting", views.waiting, name="waiting"),
    path("<str:region>/<str:name>/send", views.send, name="send"),
    path("<str:region>/<str:name>/receive", views.receive, name="receive"),
    path("<str:region>/<str:name>/act", views.act, name="act"),
    path("<str:region>/<str:name>/configuration", views.save_configuration, name="configuration"),
    path("<str:region>/<str:name>/dead-letters", views.save_dead_letters, name="dead_letters"),
    path("<str:region>/<str:name>/move-back", views.move_back, name="move_back"),
    path("<str:region>/<str:name>/purge", views.purge, name="purge"),
    path("<str:region>/<str:name>/delete", views.delete, name="delete"),
]
