from django.urls import path

from . import guide, search, views

app_name = "web"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("healthz", views.health, name="health"),
    path("healthz/full", views.full_health, name="full_health"),
    path("guide/", guide.guide, name="guide"),
    path("search/", search.search, name="search"),
    path("reference/", guide.reference_analysis, name="reference_analysis"),
]
