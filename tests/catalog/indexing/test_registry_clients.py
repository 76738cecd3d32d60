import pytest

from registry_ui.catalog.models import Repository
from registry_ui.jobs.models import State
from registry_ui.web.errors import describe
from tests.catalog.indexing.conftest import names

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_registry_with_basic_login_is_indexed(
    make_registry, make_credential, htpasswd_registry, image_factory, index
):
    image = image_factory(htpasswd_registry)
    registry = make_registry(htpasswd_registry)
    make_credential(registry, htpasswd_registry.username, htpasswd_registry.password)

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert names(registry)[f"{image.repository}:1.0"] == image.digest


def test_a_registry_with_token_login_is_indexed(
    make_registry, make_credential, token_registry, image_factory, index
):
    image = image_factory(token_registry)
    registry = make_registry(token_registry)
    make_credential(registry, token_registry.username, token_registry.password)

    run = index(registry)

    assert run.state == State.SUCCEEDED
    assert names(registry)[f"{image.repository}:1.0"] == image.digest


def test_each_repository_is_read_with_the_credential_that_serves_it(
    make_registry, make_credential, token_registry, image_factory, index
):
    image = image_factory(token_registry)
    registry = make_registry(token_registry)
    make_credential(registry, token_registry.username, token_registry.password)
    make_credential(
        registry,
        token_registry.reader_username,
        token_registry.reader_password,
        repository_pattern=image.repository,
        can_push=False,
    )
    token_registry.token_server.requests.clear()

    index(registry)

    asked = [
        request
        for request in token_registry.token_server.requests
        if image.repository in str(request)
    ]
    assert asked
    assert all("account=reader" in str(request) or "'reader'" in str(request) for request in asked)


def test_a_registry_that_requires_a_login_fails_with_advice(
    make_registry, htpasswd_registry, index
):
    registry = make_registry(htpasswd_registry)
    Repository.objects.create(
        registry=registry, team=registry.team, name="team/app", is_added_by_name=True
    )

    run = index(registry)

    assert (run.state, run.error["kind"]) == (State.FAILED, "Unauthorized")
    assert "Add a credential" in describe(run.error).advice
    registry.refresh_from_db()
    assert registry.indexed_at is None
    assert registry.next_index_at is not None
