"""Addresses of the tutorials."""

from django.urls import path

from apps.tutorials import views

app_name = "tutorials"
urlpatterns = [
    path("", views.index, name="index"),
    path("sample/<str:name>", views.sample, name="sample"),
    path("<slug:slug>/", views.show, name="show"),
    path("<slug:slug>/steps/<slug:step_slug>/check", views.check, name="check"),
    path("<slug:slug>/steps/<slug:step_slug>/answer", views.answer, name="answer"),
]
