"""The console's pages: one include() per app."""

urlpatterns = []
