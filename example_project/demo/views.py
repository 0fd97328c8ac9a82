from django.http import HttpRequest, JsonResponse
from django.urls import reverse

PLACES = {
    "log in (POST username, password)": "jwtauth:login",
    "who am I": "jwtauth:me",
    "where am I logged in": "jwtauth:session-list",
    "notes (GET, POST text)": "note-list",
    "public keys": "jwks",
    "admin": "admin:index",
}


def start(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {what: request.build_absolute_uri(reverse(n)) for what, n in PLACES.items()}
    )
