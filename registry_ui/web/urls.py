from django.urls import path

from . import guide, views

app_name = "web"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("healthz", views.health, name="health"),
    path("guide/", guide.guide, name="guide"),
    path("anatomy/", guide.anatomy, name="anatomy"),
]
