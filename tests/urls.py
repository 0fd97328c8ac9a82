"""The URLs that the test suite serves, laid out as the README tells a project to."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("auth/", include("django_jwtauth.urls")),
    path(".well-known/", include("django_jwtauth.well_known_urls")),
]
