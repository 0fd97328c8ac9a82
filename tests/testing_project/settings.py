"""What the README asks for and no more; the database is the one that the suite runs on."""

import os

from tests.databases import django_databases

SECRET_KEY = "only-the-test-suite-uses-this-key-0123456789abcdef"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "tests.testing_project.urls"
USE_TZ = True
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "django_jwtauth",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["django_jwtauth.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES = {"default": django_databases()}
if os.environ.get("JWTAUTH_TEST_DATABASE", "sqlite") == "sqlite":
    # In memory, as nearly every project has it.
    DATABASES["default"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
