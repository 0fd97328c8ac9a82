"""Describes the endpoints to drf-spectacular: what each takes and answers, and why it refuses.

Knows the views from outside only: a description is laid over a view while a schema is generated.
Importing this folder registers it.
"""

from django_jwtauth.contrib.spectacular import endpoints, refusals, security, well_known

__all__ = ["endpoints", "refusals", "security", "well_known"]
