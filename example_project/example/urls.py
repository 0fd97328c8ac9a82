"""What the example serves. The two lines with `django_jwtauth` are all that logins need."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("auth/", include("django_jwtauth.urls")),
    path(".well-known/", include("django_jwtauth.well_known_urls")),
    path("notes/", include("notes.urls")),
    path("admin/", admin.site.urls),
    path("", include("demo.urls")),
]
