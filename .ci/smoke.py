"""Use the installed package as a new project does: migrate, log in, ask who I am, log out.

Run with the Python of an environment that holds nothing but the wheel and what it needs.
"""

import tempfile
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

PASSWORD = "a-password-for-one-minute"

urlpatterns: list[Any] = []


def configure(folder: str) -> None:
    """Set up a project with what the README asks for and no more."""
    settings.configure(
        SECRET_KEY="a-key-for-one-minute-0123456789abcdef0123456789abcdef",
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "django_jwtauth",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(Path(folder) / "db.sqlite3"),
            }
        },
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": ["django_jwtauth.authentication.JWTAuthentication"],
        },
    )
    django.setup()
    urlpatterns.append(path("auth/", include("django_jwtauth.urls")))
    urlpatterns.append(path(".well-known/", include("django_jwtauth.well_known_urls")))


def check(what: str, response: Any, status: int) -> Any:
    """Stop unless the answer has this status; return its JSON, if any."""
    if response.status_code != status:
        message = f"{what}: {response.status_code}, not {status}: {response.content!r}"
        raise SystemExit(message)
    print(f"{what}: {status}")
    return response.json() if response.content else None


def main() -> None:
    """Walk through the life of a login session."""
    with tempfile.TemporaryDirectory() as folder:
        configure(folder)
        # Both need the apps to be loaded.
        from django.contrib.auth.models import User
        from django.test import Client

        call_command("migrate", verbosity=0)
        call_command("check", fail_level="ERROR")
        User.objects.create_user("smoke", password=PASSWORD)

        client = Client()
        credentials = {"username": "smoke", "password": PASSWORD}
        tokens = check("login", client.post("/auth/login/", credentials, "application/json"), 200)
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        me = check("me", client.get("/auth/me/", headers=bearer), 200)
        if me["username"] != "smoke":
            message = f"me: {me}"
            raise SystemExit(message)
        check("jwks", client.get("/.well-known/jwks.json"), 200)
        # Without a content type, Django's client sends multipart, which is refused.
        logout = client.post("/auth/logout/", {}, "application/json", headers=bearer)
        check("logout", logout, 204)
        check("me, logged out", client.get("/auth/me/", headers=bearer), 401)


if __name__ == "__main__":
    main()
