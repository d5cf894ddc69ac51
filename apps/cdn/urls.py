"""Addresses of the first page, the distributions and the map."""

from django.urls import path

from apps.cdn import map_views, story, views

app_name = "cdn"
urlpatterns = [
    path("", story.home, name="home"),
    path("story/visit", story.play, name="story"),
    path("distributions/", views.index, name="index"),
    path("distributions/new", views.new, name="new"),
    path("distributions/<str:distribution_id>/", views.show, name="show"),
    path("distributions/<str:distribution_id>/invalidate", views.invalidate, name="invalidate"),
    path("distributions/<str:distribution_id>/grant", views.grant, name="grant"),
    path("distributions/<str:distribution_id>/update", views.update, name="update"),
    path("distributions/<str:distribution_id>/enabled", views.set_enabled, name="enabled"),
    path("distributions/<str:distribution_id>/delete", views.delete, name="delete"),
    path("map/", map_views.show, name="map"),
    path("map/visit", map_views.visit, name="visit"),
    path("map/send", map_views.send, name="send"),
    path("map/visits", map_views.visits, name="visits"),
]
