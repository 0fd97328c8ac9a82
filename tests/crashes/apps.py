"""Connects the stops to where a request passes, in the workers of a test."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from django_jwtauth import signals
from tests.crashes import stops


class CrashesConfig(AppConfig):
    name = "tests.crashes"

    def ready(self) -> None:
        connection_created.connect(stops.watch_statements, dispatch_uid="crashes")
        signals.session_refreshed.connect(stops.on_refreshed, dispatch_uid="crashes")
