"""Addresses of users, groups, roles and policies, under /identity/."""

from django.urls import path

from apps.identity import views, views_editor, views_policies

app_name = "identity"
urlpatterns = [
    path("", views.index, name="index"),
    path("editor", views_editor.editor, name="editor"),
    path("editor/check", views_editor.check, name="check"),
    path("editor/ask", views_editor.ask, name="ask"),
    path("editor/insert", views_editor.insert, name="insert"),
    path("aws-policies/<str:name>/", views_policies.show_aws, name="aws_policy"),
    path("users/<str:name>/keys", views.keys, name="keys"),
    path("policies/<str:name>/", views_policies.show, name="policy"),
    path("policies/<str:name>/version", views_policies.version, name="policy_version"),
    path("<slug:list_name>/", views.index, name="list"),
    path("<slug:list_name>/new", views.new, name="new"),
    path("<slug:list_name>/<str:name>/", views.show, name="show"),
    path("<slug:list_name>/<str:name>/attach", views.attach, name="attach"),
    path("<slug:list_name>/<str:name>/inline/delete", views.delete_inline, name="delete_inline"),
    path("<slug:list_name>/<str:name>/boundary", views.boundary, name="boundary"),
    path("<slug:list_name>/<str:name>/membership", views.membership, name="membership"),
    path("<slug:list_name>/<str:name>/delete", views.delete, name="delete"),
]
