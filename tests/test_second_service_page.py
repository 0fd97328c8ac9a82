"""docs/second-service.md, held to the service that it shows."""

import re

from tests.example_project.servers import ROOT


def test_the_settings_that_the_page_shows_are_those_of_the_service() -> None:
    page = (ROOT / "docs" / "second-service.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    settings = ROOT / "example_project" / "orders_service" / "settings.py"
    assert shown in settings.read_text(encoding="utf-8")
