from django.urls import path

from . import api, views

urlpatterns = [
    path("", views.start, name="start"),
    path("console/token/", api.Token.as_view(), name="console-token"),
    path("console/keys/", api.Keys.as_view(), name="console-keys"),
    path("console/keys/rotate/", api.RotateKeys.as_view(), name="console-rotate"),
    path("console/keys/<str:kid>/revoke/", api.RevokeKey.as_view(), name="console-revoke"),
]
