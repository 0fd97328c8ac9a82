"""The start page: a console that makes tokens, login sessions and signing keys visible."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from django_jwtauth import conf

from . import user

# Scripts and styles come from our own files alone, and none stands within the page: what somebody
# manages to write into it stays text.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

# The passwords of the demonstration, for the page to show.
ACCOUNTS = (
    {"username": user.USERNAME, "password": user.PASSWORD, "is_staff": False},
    {"username": user.STAFF_USERNAME, "password": user.STAFF_PASSWORD, "is_staff": True},
)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    context = {
        "accounts": ACCOUNTS if settings.DEBUG else (),
        "auth_url": reverse("jwtauth:login").removesuffix("login/"),
        "cookies_enabled": conf.current().COOKIES.ENABLED,
        "retry_window": f"{conf.current().REFRESH_RETRY_WINDOW:g}",
    }
    response = render(request, "demo/start.html", context)
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response
