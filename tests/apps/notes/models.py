"""What projects have: rows that belong to a user, and one that extends a user."""

from django.conf import settings
from django.db import models


class Note(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notes")
    text = models.CharField(max_length=100, default="")

    class Meta:
        permissions = (("archive_note", "Can archive a note"),)

    def __str__(self) -> str:
        return self.text


class Profile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    nickname = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.nickname
