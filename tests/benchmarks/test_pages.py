import getpass
import json
import re
import socket
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import pages, plots
from benchmarks.budgets import BUDGETS

RESULTS = sorted(set(pages.PAGES.values()))


@pytest.mark.parametrize("page", pages.PAGES)
def test_a_page_shows_what_was_measured(page: str) -> None:
    text = (pages.ROOT / page).read_text(encoding="utf-8")
    assert pages.filled(page) == text
    assert text.count("<!-- begin") == text.count("<!-- end -->") > 0


@pytest.mark.parametrize("what", RESULTS)
def test_a_plot_shows_what_was_measured(what: str) -> None:
    drawn = pages.plots(what)
    assert drawn
    for path, plot in drawn.items():
        assert (pages.ROOT / path).read_text(encoding="utf-8") == plot


@pytest.mark.parametrize("what", RESULTS)
def test_pages_show_every_part_and_every_plot(what: str) -> None:
    shown = [page for page in pages.PAGES if pages.PAGES[page] == what]
    text = "".join((pages.ROOT / page).read_text(encoding="utf-8") for page in shown)
    assert set(re.findall(r"<!-- begin (\S+) -->", text)) == set(pages.parts(what))
    assert {f"docs/{path}" for path in re.findall(r"\]\((images/\S+\.svg)\)", text)} == set(
        pages.plots(what)
    )


def test_another_measurement_makes_another_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = pages.results("compare")
    found["databases"]["postgresql"]["jwtauth"]["times"]["seen"] = 123456.0
    (tmp_path / "compare.json").write_text(json.dumps(found))
    before = pages.filled("docs/benchmarks.md")
    monkeypatch.setattr(pages, "RESULTS", tmp_path)
    after = pages.filled("docs/benchmarks.md")
    assert "123 ms" in after
    assert "123 ms" not in before
    budget = next(one for one in BUDGETS if one.what == "`authenticate()`, token seen before")
    assert budget.verdict(found) == "**no**"


def test_a_page_says_what_stands_against_each_budget_that_is_not_met() -> None:
    found = pages.results("compare")
    ours = found["databases"]["postgresql"]["jwtauth"]
    for ratio, is_met in ((0.1, True), (0.9, False)):
        ours["to_reference"]["refresh"] = ratio
        text = pages.parts("compare")["unmet"](found)
        assert ("**Refresh, time, of SimpleJWT's.**" in text) is not is_met
        for budget in BUDGETS:
            assert (
                budget.is_met(found) is not False
                or f"- **{budget.what}.** {budget.against}" in text
            )


def test_what_was_not_measured_is_no_broken_promise() -> None:
    found = pages.results("compare")
    found["databases"]["postgresql"]["jwtauth"]["to_reference"]["refresh"] = None
    budget = next(one for one in BUDGETS if one.what == "Refresh, time, of SimpleJWT's")
    assert budget.is_met(found) is None


@pytest.mark.parametrize("what", RESULTS)
def test_results_name_no_host_user_or_folder(what: str) -> None:
    text = json.dumps(pages.results(what))
    for name in (socket.gethostname(), str(pages.ROOT), str(Path.home())):
        assert name not in text
    assert not re.search(rf"\b{getpass.getuser()}\b", text)


def test_a_plot_of_bars_is_an_image_with_a_bar_each_in_proportion() -> None:
    drawn = plots.bars("A <title>", [("ours", 1.0, "1 x"), ("theirs", 4.0, "4 x")], "ours")
    svg = ET.fromstring(drawn)
    _ground, *bars = svg.iter("{http://www.w3.org/2000/svg}rect")
    assert float(bars[1].attrib["width"]) == 4 * float(bars[0].attrib["width"])
    assert bars[0].attrib["fill"] != bars[1].attrib["fill"]
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["A <title>", "ours", "1 x", "theirs", "4 x"]


def test_a_plot_of_lines_has_a_point_for_each_value() -> None:
    points = {"refresh": [(10.0, 1.0), (1000.0, 2.0)], "login": [(10.0, 3.0), (1000.0, 3.0)]}
    drawn = plots.lines("Growth", points, x_title="rows", y_title="ms")
    svg = ET.fromstring(drawn)
    circles = list(svg.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == 4
    places = [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in circles]
    assert places[0][0] == places[2][0] < places[1][0]
    assert places[1][1] < places[0][1]  # more is higher
    assert places[2][1] == places[3][1]
