"""The only wiring: what happens without being called is connected here."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.signals import setting_changed
from django.utils.translation import gettext_lazy as _

from django_jwtauth import conf


def _forget_settings(*, setting: str, **_kwargs: Any) -> None:
    if setting in ("JWTAUTH", "SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        conf.forget()


class JWTAuthConfig(AppConfig):
    """Django's entry into the package."""

    name = "django_jwtauth"
    verbose_name = _("JWT authentication")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect receivers and checks."""
        setting_changed.connect(_forget_settings, dispatch_uid="jwtauth_forget_settings")
