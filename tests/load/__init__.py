"""A site under load: how soon a logout holds in every worker, and what faults change about that.

Served by gunicorn from a PostgreSQL and a Redis of its own, which may be killed. `python -m
tests.load` runs longer what the tests here run.
"""
