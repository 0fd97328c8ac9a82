"""Where keys come from: one class a file behind ``base.KeyStore``, chosen by ``KEY_STORE``."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_jwtauth import conf
from django_jwtauth.keystores.base import KeyStore


@conf.per_settings
def store(settings: conf.Settings) -> KeyStore:
    """Return this process's key store; raises ``ImproperlyConfigured`` where there is no such."""
    path = settings.KEY_STORE.path
    try:
        backend = import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"KEY_STORE.BACKEND cannot be imported: {error}") from error
    if not (isinstance(backend, type) and issubclass(backend, KeyStore)):
        raise ImproperlyConfigured(f"KEY_STORE.BACKEND {path!r} is no key store.")
    return backend(settings.KEY_STORE.options, settings)
