"""A user whose own `__init__` and `from_db` remember what the row held."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    picture = models.FileField(blank=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email_before = self.email
        self.picture_before = self.picture.name
        self.was_read = False

    @classmethod
    def from_db(cls, *args: Any, **kwargs: Any) -> Any:
        user = super().from_db(*args, **kwargs)
        user.was_read = True
        return user
