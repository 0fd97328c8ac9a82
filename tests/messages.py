"""Brings the catalogues of translations up to date with the code: `make messages`.

New texts come without a translation, which a test then asks for; texts that are gone go.
"""

from io import BytesIO
from pathlib import Path

from babel.core import Locale
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import django_jwtauth

PACKAGE = Path(django_jwtauth.__file__).parent
LANGUAGES = ("de", "es", "fr", "ja", "ko", "pt_BR", "zh_Hans")

_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def extracted() -> Catalog:
    """Return every text in the code that is marked for translation."""
    catalog = Catalog()
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=_KEYWORDS)
    for _, _, message, _, context in found:
        catalog.add(message, context=context)
    return catalog


class _Catalog(Catalog):
    """A catalogue whose header changes only when a text does: no dates, no names."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Plural-Forms", self.plural_forms),
        ]


def folder(language: str) -> Path:
    return PACKAGE / "locale" / language / "LC_MESSAGES"


def read(language: str) -> Catalog:
    """Return the catalogue of a language, empty where there is none yet."""
    path = folder(language) / "django.po"
    source = path.read_bytes() if path.exists() else b""
    return read_po(BytesIO(source), locale=language)


def updated(language: str) -> Catalog:
    """Return the texts of the code with those translations that there are."""
    old = read(language)
    comment = f"# The texts of django_jwtauth in {Locale.parse(language).english_name}."
    new = _Catalog(locale=language, header_comment=comment, fuzzy=False)
    for text in extracted():
        if text.id:
            known = old.get(text.id, text.context)
            new.add(text.id, known.string if known else None, context=text.context)
    return new


def source(catalog: Catalog) -> bytes:
    """Return what stands in the .po file of a catalogue."""
    target = BytesIO()
    write_po(target, catalog, width=100, sort_output=True)
    return target.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """Return what stands in the .mo file beside it."""
    target = BytesIO()
    write_mo(target, catalog)
    return target.getvalue()


def main() -> None:
    """Write the catalogue of each language anew."""
    for language in LANGUAGES:
        catalog = updated(language)
        folder(language).mkdir(parents=True, exist_ok=True)
        (folder(language) / "django.po").write_bytes(source(catalog))
        (folder(language) / "django.mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    main()
