"""A tab, and a browser of one person with any number of them."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Page

from tests.browser.site import PASSWORD, Site

LIMIT = 60_000  # milliseconds, on a machine that runs much else


@dataclass
class Tab:
    """One tab with the page of tests/browser/page.html in it."""

    page: Page

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate a script, and wait for what it promises."""
        return self.page.evaluate(script, argument)

    def log_in(self, name: str, password: str = PASSWORD) -> Any:
        return self.run("fields => auth.login(fields)", {"username": name, "password": password})

    def log_out(self) -> None:
        self.run("auth.logout()")

    def fetch(self, path: str, **init: Any) -> tuple[int, Any]:
        """Call the API with `auth.fetch`; return status and JSON."""
        script = """async ([path, init]) => {
            const answer = await auth.fetch(path, init);
            return [answer.status, await answer.json().catch(() => null)];
        }"""
        status, body = self.run(script, [path, init])
        return status, body

    @property
    def user(self) -> Any:
        """The name of who is logged in."""
        return self.run("auth.user?.username ?? null")

    @property
    def seen(self) -> list[Any]:
        """What `onChange` has told so far."""
        seen: list[Any] = self.run("seen")
        return seen

    def wait_for(self, condition: str, argument: Any = None) -> None:
        """Wait until an expression is true in the page."""
        self.page.wait_for_function(condition, arg=argument, timeout=LIMIT, polling=50)

    def shows(self, text: str) -> None:
        """Wait until the user reads this."""
        self.page.get_by_role("status").filter(has_text=text).wait_for(timeout=LIMIT)

    def forward(self, seconds: float) -> None:
        """Move the page's clock, as when a laptop wakes up; it must have been opened `asleep`."""
        self.page.clock.fast_forward(int(seconds * 1000))


class Person:
    """The browser of one person: tabs that share cookies and storage."""

    def __init__(self, context: BrowserContext, site: Site, transport: str) -> None:
        context.set_default_timeout(LIMIT)
        self.context = context
        self.site = site
        self.transport = transport

    def open(self, host: str = "localhost", **options: str) -> Tab:
        """Open a tab; options are those of `createAuth`, and `wait`."""
        page = self.context.new_page()
        query = urlencode({"transport": self.transport, **options})
        page.goto(self.site.at(f"/page/?{query}", host))
        return Tab(page)

    def can_move_time(self, ahead: float = 0) -> None:
        """Let the test move the clock of pages that are opened from now on, `ahead` seconds on."""
        self.context.clock.install(time=time.time() + ahead)

    def cookies(self) -> dict[str, Any]:
        """Return the browser's cookies by name."""
        return {cookie["name"]: cookie for cookie in self.context.cookies()}

    def refresh_token(self, tab: Tab) -> str:
        """Take the refresh token from where this person's browser keeps it."""
        if self.transport == "cookie":
            return str(self.cookies()["refresh"]["value"])
        return str(record(tab)["refresh_token"])


def record(tab: Tab) -> dict[str, Any]:
    """Return what `auth.js` keeps in localStorage."""
    (kept,) = tab.run("Object.values(localStorage)")
    found: dict[str, Any] = json.loads(kept)
    return found
