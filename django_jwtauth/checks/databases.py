"""Whether the tables are there, and what keys they hold. Asks a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from django.core.checks import CheckMessage
from django.db import DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor

from django_jwtauth import clock, key_rotation, keystores, revocation
from django_jwtauth.checks.keys import judge_ring
from django_jwtauth.checks.table import message
from django_jwtauth.exceptions import TemporarilyUnavailable
from django_jwtauth.keystores.database import DatabaseKeyStore
from django_jwtauth.models import LoginSession

_APP: Final = "django_jwtauth"


def check_migrations(alias: str) -> Iterator[CheckMessage]:
    """Tell of migrations that are yet to be applied, to whoever is not about to apply them."""
    if not router.allow_migrate_model(alias, LoginSession) or sys.argv[1:2] == ["migrate"]:
        return
    try:
        executor = MigrationExecutor(connections[alias])
        targets = executor.loader.graph.leaf_nodes(_APP)
        plan = executor.migration_plan(targets)
    except DatabaseError:
        return  # a database that does not answer is not for this check to tell
    names = [migration.name for migration, _ in plan if migration.app_label == _APP]
    if names:
        yield message("W107", alias=alias, names=", ".join(names))


def check_stored_keys(alias: str) -> Iterator[CheckMessage]:
    """Check the keys that this database holds."""
    store = keystores.store()
    if not isinstance(store, DatabaseKeyStore) or store.alias != alias or not _has_table(store):
        return
    now = clock.now()
    try:
        revocation.feed().ensure_current()
        ring, revoked = key_rotation.read_ring(now), revocation.feed().revoked_kids()
    except TemporarilyUnavailable as error:
        yield message("W211", sentence=error.reason)
        return
    yield from judge_ring(ring, now, revoked)
    kids = key_rotation.kids_under_fallbacks()
    if kids:
        yield message("W214", kids=", ".join(kids))


def _has_table(store: DatabaseKeyStore) -> bool:
    try:
        return store.has_table()
    except DatabaseError:
        return False
