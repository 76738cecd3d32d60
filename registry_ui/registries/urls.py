from django.urls import path

from .views import credentials, importing, registries

app_name = "registries"

urlpatterns = [
    path("", registries.listing, name="list"),
    path("add/", registries.add, name="add"),
    path("import/", importing.paste, name="import_docker_config"),
    path("import/choose/", importing.choose, name="import_choose"),
    path("import/done/", importing.done, name="import_done"),
    path("<uuid:pk>/", registries.detail, name="detail"),
    path("<uuid:pk>/edit/", registries.edit, name="edit"),
    path("<uuid:pk>/remove/", registries.remove, name="remove"),
    path("<uuid:pk>/check/", registries.check, name="check"),
    path("<uuid:pk>/credentials/add/", credentials.add, name="credential_add"),
    path("credentials/<uuid:pk>/edit/", credentials.edit, name="credential_edit"),
    path("credentials/<uuid:pk>/remove/", credentials.remove, name="credential_remove"),
    path("credentials/<uuid:pk>/test/", credentials.test, name="credential_test"),
]
