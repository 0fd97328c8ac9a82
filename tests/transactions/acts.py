"""What tests have a process of a project's do."""

from typing import Any

from django.contrib.auth.models import User

from django_jwtauth import sessions


def make_user(name: str, password: str) -> int:
    """Sign up."""
    return int(User.objects.create_user(name, password=password).pk)


def replicate(name: str) -> None:
    """Let the replica catch up with one user as they are now."""
    User.objects.using("default").get(username=name).save(using="replica")


def sign_up_and_start(name: str) -> dict[str, str]:
    """Do what a project's own view does for a user whom it has just made."""
    pair = sessions.start(User.objects.create_user(name))
    return {"access_token": pair.access_token, "refresh_token": pair.refresh_token}


def deactivate_quietly(name: str) -> None:
    """Deactivate without a signal."""
    User.objects.using("default").filter(username=name).update(is_active=False)


def sessions_of(name: str) -> list[dict[str, Any]]:
    """Return where a user is logged in."""
    user = User.objects.using("default").get(username=name)
    rows = user.login_sessions.using("default").values("generation", "end_reason")
    return [dict(row) for row in rows]
