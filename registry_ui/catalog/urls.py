from django.urls import path

from registry_ui.catalog.views import (
    comparison,
    image,
    index,
    registries,
    repositories,
    repository,
    storage,
)
from registry_ui.credentials.views import credentials, docker_config, grants

app_name = "registries"

urlpatterns = [
    path("", registries.listing, name="list"),
    path("add/", registries.add, name="add"),
    path("import/", docker_config.paste, name="import_docker_config"),
    path("import/choose/", docker_config.choose, name="import_choose"),
    path("import/done/", docker_config.done, name="import_done"),
    path("compare/", comparison.compare, name="compare"),
    path("<uuid:pk>/", registries.detail, name="detail"),
    path("<uuid:pk>/edit/", registries.edit, name="edit"),
    path("<uuid:pk>/remove/", registries.remove, name="remove"),
    path("<uuid:pk>/test/", registries.test_connection, name="test_connection"),
    path("<uuid:pk>/index/", index.progress, name="index_progress"),
    path("<uuid:pk>/index/start/", index.start, name="index_start"),
    path("<uuid:pk>/index/cancel/", index.cancel, name="index_cancel"),
    path("<uuid:pk>/add-repository/", index.add_repository, name="repository_add"),
    path("<uuid:pk>/remove-repository/", index.remove_repository, name="repository_remove"),
    path("<uuid:pk>/repositories/", repositories.repositories, name="repositories"),
    path("<uuid:pk>/repositories/<repository:name>/", repository.repository, name="repository"),
    path("<uuid:pk>/images/<repository:name>:<tag:tag>/", image.by_tag, name="image_by_tag"),
    path(
        "<uuid:pk>/images/<repository:name>@<digest:digest>/",
        image.by_digest,
        name="image_by_digest",
    ),
    path(
        "<uuid:pk>/documents/<repository:name>@<digest:digest>/<slug:kind>/",
        image.document,
        name="document",
    ),
    path("<uuid:pk>/storage/", storage.registry, name="storage"),
    path("<uuid:pk>/storage/<repository:name>/", storage.repository, name="repository_storage"),
    path("<uuid:pk>/credentials/add/", credentials.add, name="credential_add"),
    path("credentials/", grants.team_credentials, name="team_credentials"),
    path("credentials/<uuid:pk>/", grants.credential, name="credential"),
    path("credentials/<uuid:pk>/rotate/", grants.rotate, name="credential_rotate"),
    path("credentials/<uuid:pk>/share/", grants.grant_add, name="grant_add"),
    path("grants/<uuid:pk>/edit/", grants.grant_edit, name="grant_edit"),
    path("grants/<uuid:pk>/revoke/", grants.grant_revoke, name="grant_revoke"),
    path("credentials/<uuid:pk>/edit/", credentials.edit, name="credential_edit"),
    path("credentials/<uuid:pk>/remove/", credentials.remove, name="credential_remove"),
    path("credentials/<uuid:pk>/test/", credentials.test, name="credential_test"),
]
