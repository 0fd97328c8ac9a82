"""Users and tokens: user to subject and claims, subject to the user of a request.

Reads the user model and its permissions. Never writes anything.
"""

from __future__ import annotations

from django_jwtauth.users.claims import token_claims
from django_jwtauth.users.request_user import load_user, user_of
from django_jwtauth.users.rows import is_usable
from django_jwtauth.users.subject import subject_of

__all__ = ["is_usable", "load_user", "subject_of", "token_claims", "user_of"]
