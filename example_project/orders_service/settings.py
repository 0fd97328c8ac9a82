"""Settings of a service that only verifies tokens. Three environment variables change them:

ORDERS_ISSUER           the service that signs, as its tokens name it: https://api.example.com
ORDERS_REDIS_URL        where it announces revocations: redis://127.0.0.1:6379/0
ORDERS_ALLOWED_HOSTS    host names, with commas between them

There are no DATABASES and, for nothing here signs or encrypts, no SECRET_KEY. Django asks for one
when it shows its page of an error, and those pages are for DEBUG alone: so that stays off.
"""

import os

DEBUG = False
# Production: serve over https alone, for whoever sees a token may use it.
ALLOWED_HOSTS = os.environ.get("ORDERS_ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")

# `request.user` is an instance of a user model, of which the token tells the key and nothing else.
# Django's own model needs these two apps; none of their tables is there.
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "django_jwtauth",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "orders_service.urls"
WSGI_APPLICATION = "orders_service.wsgi.application"

ISSUER = os.environ.get("ORDERS_ISSUER", "http://127.0.0.1:8000")

JWTAUTH = {
    "ISSUER": ISSUER,
    # What the issuer writes into `aud`: by default its own name.
    "AUDIENCE": ISSUER,
    "KEY_STORE": {
        "BACKEND": "django_jwtauth.keystores.remote_jwks.RemoteJWKSKeyStore",
        "OPTIONS": {"URL": f"{ISSUER}/.well-known/jwks.json"},
    },
    "REVOCATION_FEED": {
        "BACKEND": "django_jwtauth.revocation.redis.RedisFeed",
        "OPTIONS": {
            "URL": os.environ.get("ORDERS_REDIS_URL", "redis://127.0.0.1:6379/0"),
            "DATABASE": False,
        },
    },
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["django_jwtauth.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
