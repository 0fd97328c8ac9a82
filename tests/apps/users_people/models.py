"""Users in two tables, and users who are a proxy."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    pass


class Member(Person):
    club = models.CharField(max_length=50, default="chess")


class Staff(Person):
    class Meta:
        proxy = True
