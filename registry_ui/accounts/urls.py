from django.urls import path

from . import views

app_name = "accounts"
urlpatterns = [
    path("setup/<str:token>/", views.setup, name="setup"),
    path("preferences/", views.preferences, name="preferences"),
    path("team/switch/", views.switch_team, name="switch_team"),
]
