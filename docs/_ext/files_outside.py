"""Files that are not part of the site, such as the example's, are named instead of linked to."""

import re
from pathlib import Path

from sphinx.application import Sphinx

_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")


def _name_files(text: str, folder: Path, site: Path) -> str:
    def name(found: re.Match[str]) -> str:
        path = (folder / found[2]).resolve()
        return found[0] if path.is_relative_to(site) or not path.exists() else found[1]

    return _LINK.sub(name, text)


def _read_page(app: Sphinx, page: str, source: list[str]) -> None:
    folder = Path(app.env.doc2path(page)).parent
    source[0] = _name_files(source[0], folder, Path(app.srcdir))


def _read_include(app: Sphinx, file: Path, page: str, source: list[str]) -> None:
    source[0] = _name_files(source[0], (Path(app.srcdir) / file).resolve().parent, Path(app.srcdir))


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen for pages that are read."""
    app.connect("source-read", _read_page)
    app.connect("include-read", _read_include)
    return {"parallel_read_safe": True}
