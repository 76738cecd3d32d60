import pytest
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.images.models import ImmutableTagRule
from registry_ui.registries.models import Registry

pytestmark = pytest.mark.django_db


PAGE = "/builtin-registry/"


VALUES = {"repository_pattern": "app", "tag_pattern": "v*"}


@pytest.fixture
def rule(team, alice):
    return ImmutableTagRule.objects.create(team=team, created_by=alice, **VALUES)


def test_every_member_sees_the_client_instructions(client_for, victor, rule, team):
    Registry.objects.create(team=team, name="Company", host="registry.example.com:5000")
    content = client_for(victor).get(PAGE).content.decode()

    for text in (
        "docker login 127.0.0.1:8000",
        "docker push 127.0.0.1:8000/harbour/my-app:1.0",
        "docker pull 127.0.0.1:8000/harbour/proxy/registry.example.com_5000/",
        "docker pull 127.0.0.1:8000/harbour/proxy/docker.io/",
        "v*",
    ):
        assert text in content, text

    assert reverse("builtin_registry:rule_remove", args=[rule.pk]) not in content


def test_another_teams_page_shows_no_rules(client_for, charlie, rule):
    content = client_for(charlie).get(PAGE).content.decode()
    assert "harbour" not in content
    assert "No rule" in content


def test_an_admin_makes_tags_immutable_and_movable_again(client_for, alice, team):
    client = client_for(alice)
    assert client.get(reverse("builtin_registry:rule_add")).status_code == 200
    assert client.post(reverse("builtin_registry:rule_add"), VALUES).status_code == 302

    rule = ImmutableTagRule.objects.get()
    assert (rule.team, rule.created_by, str(rule)) == (team, alice, "app:v*")
    assert (
        reverse("builtin_registry:rule_remove", args=[rule.pk]) in client.get(PAGE).content.decode()
    )
    assert client.post(reverse("builtin_registry:rule_remove", args=[rule.pk])).status_code == 302
    assert not ImmutableTagRule.objects.exists()

    actions = (
        AuditEvent.objects.filter(action__startswith="tag_rule")
        .order_by("at")
        .values_list("action", "object_name")
    )
    assert list(actions) == [(Action.TAG_RULE_ADDED, "app:v*"), (Action.TAG_RULE_REMOVED, "app:v*")]


@pytest.mark.parametrize(("person", "status"), [("charlie", 404), ("victor", 403), ("bob", 403)])
def test_nobody_else_changes_rules(request, client_for, rule, person, status):
    client = client_for(request.getfixturevalue(person))
    assert (
        client.post(reverse("builtin_registry:rule_remove", args=[rule.pk])).status_code == status
    )
    if person != "charlie":
        assert client.post(reverse("builtin_registry:rule_add"), VALUES).status_code == 403
    assert ImmutableTagRule.objects.count() == 1


def test_the_wrong_method_is_refused(client_for, alice, rule):
    client = client_for(alice)
    assert client.post(PAGE).status_code == 405
    assert client.put(reverse("builtin_registry:rule_remove", args=[rule.pk])).status_code == 405


def test_removing_a_rule_lists_the_tags_that_it_alone_covers(
    client_for, alice, rule, team, pulled_here
):
    for tag in ("v1", "v2", "latest"):
        pulled_here(f"127.0.0.1:8000/harbour/app:{tag}")
    ImmutableTagRule.objects.create(team=team, repository_pattern="app", tag_pattern="v2")
    content = (
        client_for(alice)
        .get(reverse("builtin_registry:rule_remove", args=[rule.pk]))
        .content.decode()
    )
    assert "harbour/app:v1" in content
    assert "harbour/app:v2" not in content
    assert "harbour/app:latest" not in content
    assert ImmutableTagRule.objects.count() == 2


def test_an_images_page_suggests_a_builtin_name_and_then_shows_it(
    client_for, alice, pulled_here, team
):
    row = pulled_here("docker.io/library/app:1.0")
    client = client_for(alice)
    content = client.get(reverse("images:detail", args=[row.pk])).content.decode()
    assert "127.0.0.1:8000/harbour/app:1.0" in content
    assert "docker pull 127.0.0.1:8000/harbour/app:1.0" not in content
    client.post(
        reverse("transfers:tag"), {"source": "app:1.0", "target": "127.0.0.1:8000/harbour/app:1.0"}
    )
    content = client.get(reverse("images:detail", args=[row.pk])).content.decode()
    assert "docker pull 127.0.0.1:8000/harbour/app:1.0" in content


@pytest.mark.parametrize(
    ("route", "values"),
    [
        ("transfers:tag", {"source": "app:1.0", "target": "127.0.0.1:8000/lighthouse/app:1.0"}),
        ("transfers:push", {"reference": "127.0.0.1:8000/lighthouse/app:1.0"}),
        (
            "transfers:publish",
            {
                "source": "app:1.0",
                "registry": "127.0.0.1:8000",
                "namespace": "lighthouse",
                "name": "app",
                "tag": "1",
            },
        ),
    ],
)
def test_forms_refuse_another_teams_builtin_name(client_for, alice, pulled_here, route, values):
    pulled_here("docker.io/library/app:1.0")
    answer = client_for(alice).post(reverse(route), values)
    assert answer.status_code == 422
    assert "127.0.0.1:8000/harbour/" in answer.content.decode()


def test_publishing_suggests_the_builtin_registry_without_a_credential(
    client_for, alice, pulled_here
):
    pulled_here("docker.io/library/app:1.0")
    content = (
        client_for(alice).get(reverse("transfers:publish"), {"source": "app:1.0"}).content.decode()
    )
    assert 'value="127.0.0.1:8000"' in content
    assert 'value="harbour"' in content


@pytest.fixture
def pulled_here(team, alice, image):
    from registry_ui.images.services import name_image
    from registry_ui.images.store import LocalStore
    from registry_ui.oci.digest import Digest
    from registry_ui.oci.reference import Reference
    from tests.images.conftest import put

    def pull(name):
        reference, digest = Reference.parse(name), Digest.parse(image.digest)
        put(LocalStore(team, reference, user=alice), image)
        return name_image(
            team=team, user=alice, name=reference, digest=digest, source_digest=digest, origin=name
        )

    return pull
