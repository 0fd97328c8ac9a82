"""Users whose default manager hides some rows, joins a relation and leaves a column out.

One column is the database's own.
"""

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower


class Team(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class PresentUsers(UserManager["User"]):
    def get_queryset(self) -> models.QuerySet["User"]:
        present = super().get_queryset().filter(is_archived=False)
        return present.select_related("team").defer("biography")


class User(AbstractUser):
    public_id = models.UUIDField(unique=True, default=uuid.uuid4)
    team = models.ForeignKey(Team, models.SET_NULL, null=True)
    biography = models.TextField(default="")
    is_archived = models.BooleanField(default=False)
    folded_name = models.GeneratedField(
        expression=Lower("username"), output_field=models.CharField(max_length=150), db_persist=True
    )

    objects: ClassVar[PresentUsers] = PresentUsers()
