import pytest
from django.utils import timezone

from registry_ui.credentials.models import CredentialGrant
from registry_ui.web.errors import describe
from tests.transfers.conftest import add_credential
from tests.transfers.mirrors.conftest import registry_row
from transfers.mirrors.models import Mirror
from transfers.mirrors.services import change_mirror
from transfers.models import State

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_a_run_fails_without_its_removed_credential(
    registry, htpasswd_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image = image_factory(registry, repository)
    mirror = make_mirror(repository, target=htpasswd_registry)
    credential = add_credential(
        mirror.target_registry, htpasswd_registry.username, htpasswd_registry.password
    )
    change_mirror(mirror=mirror, user=None, values={"target_credential": credential})

    assert run_mirror(mirror).state == State.SUCCEEDED
    assert htpasswd_registry.digest_of(repository, "1.0") == image.digest

    credential.delete()
    run = run_mirror(Mirror.objects.get(pk=mirror.pk))
    assert run.state == State.FAILED
    assert "removed" in describe(run.error).sentence
    assert htpasswd_registry.password not in str(list(Mirror.objects.values())) + str(
        list(mirror.runs.values())
    )


def test_without_a_selected_login_each_repository_uses_the_fitting_one(
    registry, htpasswd_registry, image_factory, make_mirror, run_mirror
):
    covered, uncovered = registry.new_repository(), registry.new_repository()
    for repository in (covered, uncovered):
        image_factory(registry, repository)
    mirror = make_mirror(covered, uncovered, target=htpasswd_registry)
    fitting = add_credential(
        mirror.target_registry,
        htpasswd_registry.username,
        htpasswd_registry.password,
        repository_pattern=covered,
    )
    wrong = add_credential(
        mirror.target_registry, "nobody", "wrong", label="wrong", repository_pattern=uncovered
    )

    run = run_mirror(mirror)

    states = {item.source_repository: item.state for item in run.items.all()}
    assert states[covered] == "done"
    assert states.get(uncovered) != "done"
    assert htpasswd_registry.digest_of(covered, "1.0") == registry.digest_of(covered, "1.0")
    for credential in (fitting, wrong):
        credential.refresh_from_db()
        assert credential.used_at is not None


def test_several_equal_logins_are_ambiguous(
    registry, htpasswd_registry, image_factory, make_mirror, run_mirror
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    mirror = make_mirror(repository, target=htpasswd_registry)
    for label in ("one", "two"):
        add_credential(
            mirror.target_registry,
            htpasswd_registry.username,
            htpasswd_registry.password,
            label=label,
        )

    run = run_mirror(mirror)

    assert run.state == State.FAILED
    assert run.items.get().error["code"] == "credential_ambiguous"


def test_a_mirror_uses_a_shared_credential(
    registry, htpasswd_registry, other_team, image_factory, make_mirror, run_mirror, team
):
    repository = registry.new_repository()
    image_factory(registry, repository)
    mirror = make_mirror(repository, target=htpasswd_registry)
    theirs = registry_row(other_team, htpasswd_registry.host, "Theirs")
    credential = add_credential(theirs, htpasswd_registry.username, htpasswd_registry.password)
    CredentialGrant.objects.create(credential=credential, team=team, can_push=True)
    change_mirror(mirror=mirror, user=None, values={"target_credential": credential})

    assert run_mirror(mirror).state == State.SUCCEEDED
    CredentialGrant.objects.update(revoked_at=timezone.now())
    run = run_mirror(Mirror.objects.get(pk=mirror.pk))
    assert run.state == State.FAILED
