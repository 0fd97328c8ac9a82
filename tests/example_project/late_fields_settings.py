"""The second service with views of our own."""

from orders_service.settings import *  # noqa: F403

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
ROOT_URLCONF = "tests.example_project.late_fields"
