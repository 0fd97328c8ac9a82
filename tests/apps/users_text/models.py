"""A user with text for a primary key, and nothing of Django's permissions."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class User(AbstractBaseUser):
    code = models.CharField(max_length=20, primary_key=True)
    email = models.EmailField(blank=True)
    groups = models.CharField(max_length=100, blank=True)  # not what Django means by groups

    USERNAME_FIELD = "code"
    objects = BaseUserManager()
