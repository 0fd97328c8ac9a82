"""Django settings of a process that is one peer.

``BENCH_PEER`` names it, ``BENCH_DATABASE`` is the entry of ``DATABASES`` as JSON,
``BENCH_SETTINGS`` are more settings as JSON, ``MORE_APPS`` among them.
"""

import json
import os

from benchmarks.peers import peer

PEER = peer(os.environ["BENCH_PEER"])
_more = json.loads(os.environ.get("BENCH_SETTINGS", "{}"))

SECRET_KEY = "only-the-benchmarks-use-this-key-0123456789abcdef0123456789"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "benchmarks.urls"
WSGI_APPLICATION = "benchmarks.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    *PEER.apps,
    *_more.pop("MORE_APPS", []),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    *PEER.middleware,
]
# Connections stay open: a new one for each request would hide what a peer costs.
DATABASES = {"default": json.loads(os.environ["BENCH_DATABASE"]) | {"CONN_MAX_AGE": None}}
# Django's own hasher is slow on purpose, and would hide the rest of a login.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [PEER.authentication],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
# A refused request is something that is measured here, and no news.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"null": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["null"]},
    "loggers": {"django": {"handlers": ["null"], "propagate": False}},
}
globals().update(PEER.settings)
globals().update(_more)
