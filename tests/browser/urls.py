"""What the browser visits: a page, an API, and a hand on the server for the test."""

import json
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.views import serve
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.browser import hand
from tests.processes.urls import urlpatterns as project_urls

FOLDER = Path(__file__).parent


def page(request: HttpRequest) -> HttpResponse:
    """Return the page, under a policy that allows no inline script and no other origin's."""
    policy = "default-src 'none'; script-src 'self'; connect-src *"
    content = (FOLDER / "page.html").read_bytes()
    return HttpResponse(content, headers={"Content-Security-Policy": policy})


def script(request: HttpRequest) -> HttpResponse:
    return HttpResponse((FOLDER / "page.js").read_bytes(), content_type="text/javascript")


def form(request: HttpRequest) -> HttpResponse:
    """Return a page that posts a form somewhere, as an attacker's would."""
    to = request.GET["to"]
    return HttpResponse(f"<form method=post action='{to}'><input name=a value=b><button>Post")


class EchoView(APIView):
    """A project's own view: says who calls, and what came."""

    parser_classes = ()

    def get(self, request: Request) -> Response:
        return Response(
            {
                "user": request.user.pk,
                "authorization": request.headers.get("Authorization"),
                "cookies": sorted(request.COOKIES),
            }
        )

    def post(self, request: Request) -> Response:
        body = request._request.body.decode()
        return Response({"user": request.user.pk, "body": body})


@csrf_exempt
def refuse(request: HttpRequest, scheme: str) -> HttpResponse:
    """Refuse whatever comes, with a challenge of this scheme."""
    return HttpResponse(status=401, headers={"WWW-Authenticate": f'{scheme} realm="api"'})


@csrf_exempt
def control(request: HttpRequest) -> HttpResponse:
    """Carry out what the test wants; answer with the requests since the last call."""
    orders: dict[str, Any] = json.loads(request.body)
    return JsonResponse({"log": hand.carry_out(**orders)})


urlpatterns = [
    *project_urls,
    path("page/", page),
    path("page.js", script),
    path("form/", form),
    path("static/<path:path>", serve, {"insecure": True}),
    path("api/own/", EchoView.as_view(permission_classes=[IsAuthenticated])),
    path("api/open/", EchoView.as_view(permission_classes=[AllowAny])),
    path("api/refuse/<scheme>/", refuse),
    path("control/", control),
]
