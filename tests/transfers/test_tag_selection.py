import uuid

import pytest
from django.core.exceptions import BadRequest
from django.http import Http404, QueryDict

from registry_ui.registries.models import Registry
from transfers.tag_selection import MAX_SELECTED_TAGS, read_tag_selection

pytestmark = pytest.mark.django_db

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture
def registry(make_registry):
    return make_registry(host="lab.example")


def read(user, registry, query):
    return read_tag_selection(QueryDict(f"registry={registry.pk}&{query}"), user)


def test_a_selection_has_each_tag_once_in_its_order(registry, bob):
    selection = read(bob, registry, "repository=web/app&tag=2&tag=1&tag=2&tag=")

    assert selection.tags == ("2", "1")
    assert [str(name) for name in selection.references] == [
        "lab.example/web/app:2",
        "lab.example/web/app:1",
    ]
    assert (selection.team, selection.is_empty) == (registry.team, False)


def test_a_digest_alone_is_a_selection(registry, bob):
    assert read(bob, registry, f"repository=web/app&digest={DIGEST}").digest == DIGEST
    assert read(bob, registry, "repository=web/app").is_empty


def test_a_short_name_on_docker_hub_is_an_official_image(team, bob):
    hub = Registry.objects.get(team=team, host="docker.io")

    assert read(bob, hub, "repository=nginx&tag=1").repository == "library/nginx"


def test_without_a_registry_there_is_no_selection(bob):
    assert read_tag_selection(QueryDict("tag=1"), bob) is None


def test_another_teams_registry_is_not_there(registry, charlie):
    with pytest.raises(Http404):
        read(charlie, registry, "repository=web/app&tag=1")
    with pytest.raises(Http404):
        read_tag_selection(QueryDict(f"registry={uuid.uuid4()}"), charlie)


@pytest.mark.parametrize(
    "query",
    [
        "repository=&tag=1",
        "repository=Web/App&tag=1",
        "repository=web/app&tag=a b",
        "repository=web/app&digest=sha256:short",
        "repository=web/app&" + "&".join(f"tag={n}" for n in range(MAX_SELECTED_TAGS + 1)),
    ],
    ids=["no repository", "capitals", "odd tag", "odd digest", "too many"],
)
def test_a_bad_selection_is_refused(registry, bob, query):
    with pytest.raises(BadRequest):
        read(bob, registry, query)


def test_a_registry_that_is_no_id_is_refused(bob):
    with pytest.raises(BadRequest):
        read_tag_selection(QueryDict("registry=7"), bob)
