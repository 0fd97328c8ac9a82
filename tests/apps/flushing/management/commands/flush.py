"""Stands in for Django's command, which ends each test that commits, and takes a tenth of its time.

Django's truncates on PostgreSQL, which writes new files for every table, and on any database makes
all content types and permissions anew. These two are kept here: no test that commits changes them.
"""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction

_KEPT = {ContentType._meta.db_table, Permission._meta.db_table}


class Command(flush.Command):
    """Deletes the rows of all other models, and lets apps make what they want to be there."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        tables = connection.introspection.django_table_names(include_views=False)
        with (
            transaction.atomic(connection.alias),
            connection.constraint_checks_disabled(),
            connection.cursor() as cursor,
        ):
            for table in set(tables) - _KEPT:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        emit_post_migrate_signal(options["verbosity"], options["interactive"], connection.alias)
