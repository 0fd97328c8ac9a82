"""Commands of ``manage.py``: each parses, calls one function and prints."""
