"""Settings of the example. Six environment variables change them:

EXAMPLE_DEBUG           1: on, as `manage.py` sets it unless told otherwise. Else off
EXAMPLE_SECRET_KEY      needed without DEBUG, the same in every process
EXAMPLE_ALLOWED_HOSTS   needed without DEBUG: host names, with commas between them
EXAMPLE_DATABASE_URL    postgresql://user:password@host:5432/name, or sqlite:///path/to/file
EXAMPLE_REDIS_URL       a cache that all processes share, and revocations within milliseconds:
                        redis://127.0.0.1:6379/0
EXAMPLE_ISSUER          what tokens name as their issuer: https://api.example.com

They are prefixed, so that a DATABASE_URL of another project in your shell is left alone.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get("EXAMPLE_DEBUG") == "1"

# SECRET_KEY encrypts the private signing keys in the database, so all processes need the same one.
# A key for demonstrations stands here for all to read: every process of a checkout, and every
# machine on one PostgreSQL, then agrees without a file that one writes first. Without DEBUG it is
# no key at all. Production: 50 random characters from where your other secrets are. README.md says
# how to change them.
SECRET_KEY = os.environ.get("EXAMPLE_SECRET_KEY", "")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "Set EXAMPLE_SECRET_KEY, or EXAMPLE_DEBUG=1 for a demonstration."
        )
    SECRET_KEY = "django-insecure-everybody-can-read-this-key-of-the-example"

# With DEBUG and an empty list Django answers to the names of this machine alone.
ALLOWED_HOSTS = [host for host in os.environ.get("EXAMPLE_ALLOWED_HOSTS", "").split(",") if host]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_jwtauth",
    "notes",
    "demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "example.urls"
WSGI_APPLICATION = "example.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Return the `DATABASES` entry that a URL names."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path.strip("/"):
        # A writer waits for another one, here for up to 20 s.
        name = unquote(parts.path.removeprefix("/"))
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": {"timeout": 20},
        }
    if parts.scheme in ("postgres", "postgresql"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "NAME": unquote(parts.path.removeprefix("/")),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    # Without the URL itself: a password may stand in it.
    raise ImproperlyConfigured(
        "EXAMPLE_DATABASE_URL must be postgresql://user:password@host:5432/name "
        "or sqlite:///path/to/file."
    )


# Production: PostgreSQL (or MariaDB). SQLite has one writer at a time and lives on one machine.
_default_database = f"sqlite:///{BASE_DIR / 'db.sqlite3'}"
DATABASES = {"default": database(os.environ.get("EXAMPLE_DATABASE_URL") or _default_database)}

# The throttles of login and refresh count in the cache. Django's default is one for each process,
# where N processes let N times as many guesses through. Production: one that all of them share.
REDIS_URL = os.environ.get("EXAMPLE_REDIS_URL")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
        }
    }

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["django_jwtauth.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    # Production, behind proxies: "NUM_PROXIES", how many there are. Else each client has the
    # address of the last one, in the list of login sessions and for the throttles.
}

JWTAUTH: dict[str, Any] = {
    # The name of the deployment and not of a process: two servers on one database accept each
    # other's tokens. Production: the https URL of your API.
    "ISSUER": os.environ.get("EXAMPLE_ISSUER", "http://127.0.0.1:8000"),
    # A login may ask for cookies ("transport": "cookie"), as a page in a browser does. Over plain
    # http they are sent with DEBUG only.
    "COOKIES": {"ENABLED": True},
    # For orders_service, which has no database to look users up in.
    "EXTRA_CLAIMS": "example.claims.claims",
}
if REDIS_URL:
    # Other processes hear of a logout at once, and so do services without a database.
    JWTAUTH["REVOCATION_FEED"] = {
        "BACKEND": "django_jwtauth.revocation.redis.RedisFeed",
        "OPTIONS": {"URL": REDIS_URL},
    }

if not DEBUG:
    # Passwords and tokens go over https alone. A proxy that ends TLS has to tell Django so: set
    # SECURE_PROXY_SSL_HEADER to the header that it writes, and takes out of what clients send.
    SECURE_SSL_REDIRECT = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # SECURE_HSTS_SECONDS is yours to decide: browsers hold a domain to it for that long.

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

# Production: `collectstatic` copies the admin's files there, for a web server to serve.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
