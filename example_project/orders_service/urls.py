from django.urls import path

from . import views

urlpatterns = [
    path("orders/", views.OwnOrders.as_view(), name="own-orders"),
    path("orders/all/", views.AllOrders.as_view(), name="all-orders"),
]
