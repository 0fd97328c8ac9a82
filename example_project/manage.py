#!/usr/bin/env python
"""Commands for the developer's own machine. `example/wsgi.py` is what a server starts."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")
    # Here, and not in the settings: a server that forgets the variable then runs without DEBUG.
    os.environ.setdefault("EXAMPLE_DEBUG", "1")
    execute_from_command_line(sys.argv)
