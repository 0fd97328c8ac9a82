"""A proxy of the user model: Django sends its signals under its own name."""

from django.conf import settings
from django.contrib.auth.models import User

# Where the project has another user model there is nothing to stand for.
if settings.AUTH_USER_MODEL == "auth.User":

    class Staff(User):
        class Meta:
            proxy = True
