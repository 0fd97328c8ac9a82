"""The second service with views of our own."""

from orders_service.settings import *  # noqa: F403

ROOT_URLCONF = "tests.example_project.late_fields"
