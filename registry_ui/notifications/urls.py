from django.urls import path

from . import views

app_name = "notifications"
urlpatterns = [
    path("", views.channels, name="channels"),
    path("channels/add/", views.add, name="channel_add"),
    path("channels/<uuid:pk>/edit/", views.edit, name="channel_edit"),
    path("channels/<uuid:pk>/test/", views.test, name="channel_test"),
    path("channels/<uuid:pk>/remove/", views.remove, name="channel_remove"),
]
