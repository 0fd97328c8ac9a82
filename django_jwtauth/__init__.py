"""JSON Web Token login for Django REST framework.

Nothing is imported here: reading the version must not need Django.
"""

__version__ = "0.1.0"
