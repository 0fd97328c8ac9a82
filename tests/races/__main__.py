"""`python -m tests.races`: runs the races that stdin asks for, and prints how each round went.

The settings of the process are the configuration. In: a JSON list of `[name, arguments]`; out: a
JSON list with a list of rounds for each.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.test.utils import override_settings


def main() -> None:
    application = get_wsgi_application()
    # Models can be imported now.
    from tests.races import ending, refreshing, upgrading

    races: dict[str, Callable[..., list[dict[str, Any]]]]
    races = {"refresh": refreshing.run, "end": ending.run, "upgrade": upgrading.run}
    answers = []
    for name, arguments in json.load(sys.stdin):
        with override_settings(JWTAUTH={"REFRESH_RETRY_WINDOW": arguments.pop("window", 30)}):
            answers.append(races[name](application, **arguments))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
