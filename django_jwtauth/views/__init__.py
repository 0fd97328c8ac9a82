"""The endpoints. Each parses, calls one function of ``sessions``, and answers."""

from django_jwtauth.views.base import AuthView
from django_jwtauth.views.login import CSRFView, LoginView, RefreshView
from django_jwtauth.views.logout import LogoutAllView, LogoutView
from django_jwtauth.views.oauth import IntrospectView, RevokeView
from django_jwtauth.views.sessions import MeView, SessionDetailView, SessionListView
from django_jwtauth.views.well_known import JWKSView, MetadataView

__all__ = [
    "AuthView",
    "CSRFView",
    "IntrospectView",
    "JWKSView",
    "LoginView",
    "LogoutAllView",
    "LogoutView",
    "MeView",
    "MetadataView",
    "RefreshView",
    "RevokeView",
    "SessionDetailView",
    "SessionListView",
]
