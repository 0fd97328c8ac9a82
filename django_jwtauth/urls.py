"""``path("auth/", include("django_jwtauth.urls"))``."""

from django.urls import path

from django_jwtauth import views

app_name = "jwtauth"
urlpatterns = [
    path("login/", views.LoginView.as_view(), name="login"),
    path("refresh/", views.RefreshView.as_view(), name="refresh"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("logout/all/", views.LogoutAllView.as_view(), name="logout-all"),
    path("me/", views.MeView.as_view(), name="me"),
    path("sessions/", views.SessionListView.as_view(), name="session-list"),
    path("sessions/<str:sid>/", views.SessionDetailView.as_view(), name="session-detail"),
    path("introspect/", views.IntrospectView.as_view(), name="introspect"),
    path("revoke/", views.RevokeView.as_view(), name="revoke"),
    path("csrf/", views.CSRFView.as_view(), name="csrf"),
]
