"""The peer's own URLs, and the measured view with and without its authentication."""

from django.urls import path

from benchmarks.settings import PEER
from benchmarks.views import OpenView, closed_view

urlpatterns = [
    path("open/", OpenView.as_view()),
    path("closed/", closed_view(PEER)),
    *PEER.urls(),
]
