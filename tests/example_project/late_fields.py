"""Views of the second service that ask `request.user` for what no token tells."""

from django.urls import path
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Field(APIView):
    def get(self, request: Request, name: str) -> Response:
        value = getattr(request.user, name)
        return Response({name: str(value() if callable(value) else value)})


class Page(Field):
    """Asks for the key alone, and is rendered as a page that names the user."""

    renderer_classes = (BrowsableAPIRenderer,)


urlpatterns = [
    path("orders/", Field.as_view(), {"name": "pk"}),
    path("orders/page/", Page.as_view(), {"name": "pk"}),
    path("orders/<name>/", Field.as_view()),
]
