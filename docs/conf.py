"""The documentation as a site: `make docs` builds it, and a warning fails the build."""

import os
import sys
from pathlib import Path

import django

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]
os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
django.setup()

from django_jwtauth import __version__  # noqa: E402 (after Django's set-up)

project = "django-rest-jwtauth"
author = copyright = "the django_jwtauth authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "tables_from_code", "files_outside"]
exclude_patterns = ["_ext"]
nitpicky = False

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"django-rest-jwtauth {version}"
html_copy_source = False
