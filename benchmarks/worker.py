"""A process that is one peer: takes orders as lines of JSON on stdin, answers on stdout.

An order is ``[measure, arguments]``, such as ``["timing.refresh", {"count": 20}]``: the function
of that name in ``benchmarks/measures/``. The answer is what it returns.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from importlib import import_module

import django
from django.core.management import call_command
from django.core.signals import got_request_exception


def main() -> None:
    """Serve orders until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever prints must not come between the answers
    django.setup()
    # What needs Django's apps is imported once they are there.
    from benchmarks.measures.clients import Clients

    got_request_exception.connect(_tell, weak=False)
    call_command("migrate", run_syncdb=True, verbosity=0)
    clients = Clients.first()
    print(json.dumps("ready"), file=answers)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        module, _, function = name.partition(".")
        measure = getattr(import_module(f"benchmarks.measures.{module}"), function)
        print(json.dumps(measure(clients, **arguments)), file=answers)


def _tell(**_: object) -> None:
    traceback.print_exc()


if __name__ == "__main__":
    main()
