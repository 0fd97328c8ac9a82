"""Says which worker has answered, and sets the clock of the worker to what the test says."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from django_jwtauth import clock

WORKER = "X-Worker"
#: The variable that names the file with the seconds by which the clock is ahead.
CLOCK = "JWTAUTH_TEST_CLOCK"


def tell_worker(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    ahead, setting = Path(os.environ[CLOCK]), threading.Lock()

    def call(request: HttpRequest) -> HttpResponse:
        with setting:  # or a thread that had read it long ago would set it back once more
            clock.set_offset(float(ahead.read_text()))
        response = get_response(request)
        response[WORKER] = str(os.getpid())
        return response

    return call
