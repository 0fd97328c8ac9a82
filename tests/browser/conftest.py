"""Chromium, the servers that it visits, and people with a browser each."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import Site, serving
from tests.browser.tabs import Person
from tests.left_out import left_out

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SWITCHES = [
    "--no-sandbox",  # as root, as in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP *.example.test 127.0.0.1",
]


# Not for the whole session: while Playwright runs it has an event loop in this thread, in which
# Django refuses to ask the database.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Start Chromium, without windows; skip where there is none."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        left_out("there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def development_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("http"), secure=False) as site:
        yield site


@pytest.fixture(scope="session")
def production_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(tmp_path_factory.mktemp("https"), secure=True) as site:
        yield site


@pytest.fixture
def site(development_server: Site) -> Iterator[Site]:
    """Return the server over http, with no fault and an empty log."""
    development_server.reset()
    yield development_server
    development_server.reset()


@pytest.fixture
def secure_site(production_server: Site) -> Iterator[Site]:
    """Return the server over https, with no fault and an empty log."""
    production_server.reset()
    yield production_server
    production_server.reset()


@pytest.fixture
def new_person(chromium: Browser) -> Iterator[Callable[[Site, str], Person]]:
    """Return what gives one more person a browser of their own."""
    people: list[Person] = []

    def make(site: Site, transport: str) -> Person:
        context = chromium.new_context(ignore_https_errors=True)
        people.append(Person(context, site, transport))
        return people[-1]

    yield make
    for person in people:
        person.context.close()


@pytest.fixture(params=["header", "cookie"])
def person(
    request: pytest.FixtureRequest, site: Site, new_person: Callable[[Site, str], Person]
) -> Person:
    """Return somebody's browser, once for each transport."""
    return new_person(site, request.param)
