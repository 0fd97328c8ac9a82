"""URLs of a site under load: those of any process, and a view that reads nothing but the key."""

from django.urls import path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.processes.urls import urlpatterns as common


class KeyView(APIView):
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request) -> Response:
        return Response({"pk": request.user.pk})


urlpatterns = [*common, path("key/", KeyView.as_view())]
