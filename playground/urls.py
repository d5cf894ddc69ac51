"""The console's pages: one include() per app."""

from django.urls import include, path

from apps.console import views
from playground.health import healthz

urlpatterns = [
    path("healthz", healthz),
    path("sign-in", views.sign_in),
    path("sign-out", views.sign_out),
    path("labs/switch", views.switch_lab),
    path("labs/<str:account_id>/switch", views.switch_lab),
    path("labs/settings", views.lab_settings),
    path("labs/none", views.no_lab),
    path("", include("apps.classrooms.urls")),
    path("", include("apps.cdn.urls")),
    path("buckets/", include("apps.buckets.urls")),
    path("functions/", include("apps.functions.urls")),
    path("queues/", include("apps.queues.urls")),
    path("keys/", include("apps.kms.urls")),
    path("identity/", include("apps.identity.urls")),
    path("bill/", include("apps.billing.urls")),
    path("requests/", include("apps.observability.urls")),
    path("tutorials/", include("apps.tutorials.urls")),
    path("admin/", include("apps.console.admin_urls")),
]
handler403 = "apps.console.views.forbidden"
handler404 = "apps.console.views.not_found"
handler500 = "apps.console.views.server_error"
