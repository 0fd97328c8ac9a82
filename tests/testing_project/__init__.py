"""A project with tests of its own, run in processes of their own: as a user of this package has it.

Its tests are in files that our own suite does not collect.
"""
