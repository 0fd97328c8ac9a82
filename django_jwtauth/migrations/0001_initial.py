# The tables of django_jwtauth.

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import django_jwtauth.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Revocation",
            fields=[
                (
                    "identifier",
                    django_jwtauth.models.ExactCharField(
                        max_length=128, primary_key=True, serialize=False, verbose_name="identifier"
                    ),
                ),
                ("revoked_at", models.DateTimeField(db_index=True, verbose_name="revoked at")),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, db_index=True, null=True, verbose_name="expires at"
                    ),
                ),
            ],
            options={
                "verbose_name": "revocation",
                "verbose_name_plural": "revocations",
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "kid",
                    django_jwtauth.models.ExactCharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="key id"
                    ),
                ),
                ("algorithm", models.CharField(max_length=16, verbose_name="algorithm")),
                ("public_jwk", models.JSONField(verbose_name="public key")),
                ("private_jwk", models.TextField(editable=False)),
                (
                    "predecessor",
                    django_jwtauth.models.ExactCharField(
                        blank=True, max_length=64, unique=True, verbose_name="predecessor"
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                ("active_at", models.DateTimeField(verbose_name="signs from")),
                (
                    "retire_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="signs until"),
                ),
                (
                    "expire_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="verifies until"),
                ),
            ],
            options={
                "verbose_name": "signing key",
                "verbose_name_plural": "signing keys",
            },
        ),
        migrations.CreateModel(
            name="LoginSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "secret",
                    models.BinaryField(
                        default=django_jwtauth.models.new_secret,
                        max_length=32,
                        verbose_name="secret",
                    ),
                ),
                (
                    "generation",
                    models.PositiveBigIntegerField(
                        default=0, editable=False, verbose_name="generation"
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="created at")),
                (
                    "rotated_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="rotated at"),
                ),
                ("last_used_at", models.DateTimeField(verbose_name="last used at")),
                ("idle_expires_at", models.DateTimeField(verbose_name="expires when idle at")),
                ("expires_at", models.DateTimeField(verbose_name="expires at")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended at")),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("logout", "logged out"),
                            ("logout_all", "logged out everywhere"),
                            ("revoked", "revoked"),
                            ("password_changed", "password changed"),
                            ("user_inactive", "user deactivated"),
                            ("reuse", "a refresh token was reused"),
                        ],
                        default="",
                        max_length=16,
                        verbose_name="end reason",
                    ),
                ),
                ("auth_hash", models.CharField(editable=False, max_length=64)),
                (
                    "user_agent",
                    models.CharField(
                        blank=True, default="", max_length=255, verbose_name="user agent"
                    ),
                ),
                (
                    "ip_address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="IP address"),
                ),
                (
                    "client_id",
                    models.CharField(default="first-party", max_length=64, verbose_name="client"),
                ),
                (
                    "label",
                    models.CharField(blank=True, default="", max_length=150, verbose_name="label"),
                ),
                ("scope", models.TextField(blank=True, default="", verbose_name="scope")),
                (
                    "amr",
                    models.JSONField(
                        blank=True, default=list, verbose_name="authentication methods"
                    ),
                ),
                ("data", models.JSONField(blank=True, default=dict, verbose_name="data")),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="login_sessions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "login session",
                "verbose_name_plural": "login sessions",
                "indexes": [
                    models.Index(fields=["user", "ended_at"], name="jwtauth_session_user"),
                    models.Index(fields=["expires_at"], name="jwtauth_session_expires"),
                    models.Index(fields=["ended_at"], name="jwtauth_session_ended"),
                ],
            },
        ),
    ]
