from django.urls import path

from . import views

app_name = "images"
urlpatterns = [
    path("", views.images, name="list"),
    path("<uuid:pk>/", views.image, name="detail"),
    path("<uuid:pk>/remove/", views.remove, name="remove"),
]
