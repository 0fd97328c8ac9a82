"""``path(".well-known/", include("django_jwtauth.well_known_urls"))``, at the root of the site."""

from django.urls import path

from django_jwtauth import views

urlpatterns = [
    path("jwks.json", views.JWKSView.as_view(), name="jwks"),
    path("oauth-authorization-server", views.MetadataView.as_view(), name="metadata"),
    # An issuer with a path is asked for behind it (RFC 8414 section 3.1): the same in a schema.
    path(
        "oauth-authorization-server/<path:issuer_path>",
        views.MetadataView.as_view(schema=None),
    ),
]
