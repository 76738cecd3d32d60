from django.urls import path

from .views import pages

app_name = "builtin_registry"
urlpatterns = [
    path("", pages.builtin_registry, name="overview"),
    path("immutable-tags/add/", pages.rule_add, name="rule_add"),
    path("immutable-tags/<uuid:pk>/remove/", pages.rule_remove, name="rule_remove"),
]
