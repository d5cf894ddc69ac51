"""Addresses of the functions' pages, under /functions/."""

from django.urls import path

from apps.functions import views

app_name = "functions"
urlpatterns = [
    path("", views.index, name="index"),
    path("new", views.new, name="new"),
    path("<str:name>/", views.show, name="show"),
    path("<str:name>/code", views.save_code, name="code"),
    path("<str:name>/configuration", views.save_configuration, name="configuration"),
    path("<str:name>/invoke", views.invoke, name="invoke"),
    path("<str:name>/invocations", views.invocations, name="invocations"),
    path("<str:name>/invocations/<str:invocation_id>", views.invocation, name="invocation"),
    path("<str:name>/delete", views.delete, name="delete"),
]
