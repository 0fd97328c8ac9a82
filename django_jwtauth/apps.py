"""The only wiring: what happens without being called is connected here."""

from __future__ import annotations

from typing import Any, Final

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.core.signals import got_request_exception, setting_changed
from django.db.models.signals import post_migrate, post_save, pre_delete, pre_save
from django.utils.translation import gettext_lazy as _

from django_jwtauth import conf

_READ_SETTINGS: Final = ("JWTAUTH", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "AUTH_USER_MODEL")


def _forget_settings(*, setting: str, **_kwargs: Any) -> None:
    if setting in _READ_SETTINGS:
        from django_jwtauth import revocation

        conf.forget()
        revocation.close()  # or a listener would go on under settings that are no more


class JWTAuthConfig(AppConfig):
    """Django's entry into the package."""

    name = "django_jwtauth"
    verbose_name = _("JWT authentication")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect receivers and checks."""
        from django.apps import apps
        from django.contrib.auth import get_user_model

        from django_jwtauth import checks, receivers, security_log
        from django_jwtauth.models import LoginSession

        security_log.connect()
        register(checks.check_project, "jwtauth")
        # Under no other tag: what asks a database runs only where one is named.
        register(checks.check_databases, Tags.database)
        setting_changed.connect(_forget_settings, dispatch_uid="jwtauth_forget_settings")
        got_request_exception.connect(
            receivers.before_error_report, dispatch_uid="jwtauth_error_report"
        )
        post_migrate.connect(receivers.after_migrate, sender=self, dispatch_uid="jwtauth_first_key")
        # By class, and not for all senders: that would turn off fast deletes for every model.
        for model in receivers.user_models(get_user_model()):
            uid = f"jwtauth_{model.__module__}.{model.__qualname__}"
            pre_save.connect(receivers.before_user_save, sender=model, dispatch_uid=uid)
            post_save.connect(receivers.after_user_save, sender=model, dispatch_uid=uid)
            pre_delete.connect(receivers.before_user_delete, sender=model, dispatch_uid=uid)
        pre_delete.connect(
            receivers.before_session_delete, sender=LoginSession, dispatch_uid="jwtauth_session"
        )
        if apps.is_installed("drf_spectacular"):
            from django_jwtauth.contrib import spectacular  # noqa: F401 (importing registers it)
