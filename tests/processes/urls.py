"""URLs of a process that a test starts: ours, and views that a project might have."""

import json

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def change_user(request: HttpRequest, name: str, act: str) -> HttpResponse:
    """Deactivate, delete, or give a new password: under ATOMIC_REQUESTS in one transaction."""
    user = User.objects.get(username=name)
    if act == "delete":
        user.delete()
    elif act == "deactivate":
        user.is_active = False
        user.save()
    else:
        user.set_password("another password")
        user.save()
    return HttpResponse(status=204)


@csrf_exempt
def make_user(request: HttpRequest, name: str) -> HttpResponse:
    """Sign up."""
    User.objects.create_user(name, password=json.loads(request.body)["password"])
    return HttpResponse(status=204)


urlpatterns = [
    path("auth/", include("django_jwtauth.urls")),
    path(".well-known/", include("django_jwtauth.well_known_urls")),
    path("users/<name>/make/", make_user),
    path("users/<name>/<act>/", change_user),
]
