"""Addresses of the classroom."""

from django.urls import path

from apps.classrooms import views

app_name = "classrooms"
urlpatterns = [
    path("join", views.join, name="join"),
    path("rejoin", views.rejoin, name="rejoin"),
    path("classes/", views.index, name="index"),
    path("classes/new", views.new, name="new"),
    path("classes/me", views.me, name="me"),
    path("classes/<int:pk>/", views.show, name="board"),
    path("classes/<int:pk>/progress.csv", views.export, name="export"),
    path("classes/<int:pk>/code", views.renew_code, name="renew_code"),
    path("classes/<int:pk>/closed", views.set_closed, name="set_closed"),
    path("classes/<int:pk>/students/<int:enrolment_pk>/", views.student, name="student"),
    path("classes/<int:pk>/students/<int:enrolment_pk>/reset", views.reset_lab, name="reset_lab"),
    path("classes/<int:pk>/students/<int:enrolment_pk>/remove", views.remove, name="remove"),
]
