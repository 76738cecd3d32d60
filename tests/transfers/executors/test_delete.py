import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.accounts.models import Membership, Role
from registry_ui.catalog.models import Tag
from registry_ui.oci.errors import InvalidReference
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts import registries
from tests.parts.error_texts import says
from tests.parts.index_rows import make_repository
from tests.parts.slow_line import slow_line
from tests.transfers.conftest import add_credential
from tests.transfers.scripted_registry import check_error, kill, recover
from tests.transfers.test_runner import run_in_thread
from transfers import services
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def locked_registry(parts_folder):
    """Return a registry on which deletion is disabled, which is the default."""
    running = registries._registry(parts_folder / "locked-registry-of-transfers")
    running.configuration["storage"]["delete"]["enabled"] = False
    with registries._running(running):
        yield running


@pytest.fixture
def delete(team, alice):
    """Return a function that deletes in this process as Alice and returns the ended row."""

    def run(reference, **options):
        options = {"team": team, "user": alice, **options}
        return services.run_in_process(
            services.start_delete(reference=Reference.parse(reference), enqueue=False, **options)
        )

    return run


@pytest.fixture
def tagged(image_factory):
    """Return an image with three tags, and another image in the same repository."""

    def make(registry, **options):
        image = image_factory(registry, tag="1.0", **options)
        for tag in ("1", "latest"):
            image_factory.push(registry, image.built, image.repository, tag)
        image_factory(registry, image.repository, "2.0")
        return image

    return make


def digests(registry, image):
    return {
        tag: registry.digest_of(image.repository, tag) for tag in registry.tags(image.repository)
    }


def step(transfer, name):
    return next(step for step in transfer.progress["steps"] if step["name"] == name)


def indexed(image, row, *tags):
    """Index an image's tags as far as a deletion reads them."""
    repository = make_repository(row, image.repository, dict.fromkeys(tags))
    repository.tags.update(digest=image.digest)
    return repository


def test_one_of_three_aliases_goes_and_the_others_keep_their_digest(
    team, delete, registry, add_registry, tagged
):
    add_registry(team, registry)
    image = tagged(registry)
    other = registry.digest_of(image.repository, "2.0")

    transfer = delete(image.reference, digest=image.digest)

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert digests(registry, image) == {"1": image.digest, "latest": image.digest, "2.0": other}
    assert transfer.digest == image.digest
    assert [step["state"] for step in transfer.progress["steps"]] == ["done", "done"]
    assert "placeholder" in step(transfer, "delete")["detail"]


@pytest.mark.parametrize("kind", ["token_registry", "htpasswd_registry"])
def test_a_tag_of_an_index_goes_with_every_kind_of_login(
    kind, request, team, delete, add_registry, tagged
):
    registry = request.getfixturevalue(kind)
    add_registry(team, registry)
    image = tagged(registry, platforms=["linux/amd64", "linux/arm64/v8"])

    transfer = delete(image.reference, digest=image.digest)

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert registry.tags(image.repository) == ["1", "2.0", "latest"]
    assert (
        registry.digest_of(image.repository, image.children[0].digest) == image.children[0].digest
    )


def test_the_index_forgets_the_tag_at_once(team, delete, registry, add_registry, tagged):
    row, image = add_registry(team, registry), tagged(registry)
    indexed(image, row, "1.0", "1", "latest")

    delete(image.reference, digest=image.digest)

    assert set(Tag.objects.values_list("name", flat=True)) == {"1", "latest"}


def test_a_tag_that_was_moved_meanwhile_stays(
    team, delete, registry, add_registry, tagged, image_factory, client_for, alice
):
    add_registry(team, registry)
    image = tagged(registry)
    newer = image_factory(registry, image.repository, "1.0")

    transfer = delete(image.reference, digest=image.digest)

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "TagChanged")
    assert "Nothing was deleted" in describe(transfer.error).sentence
    assert registry.digest_of(image.repository, "1.0") == newer.digest
    assert len(registry.tags(image.repository)) == 4
    check_error(transfer, client_for(alice))


def test_a_tag_that_is_missing_already_counts_as_deleted(
    team, delete, registry, add_registry, tagged
):
    add_registry(team, registry)
    image = tagged(registry)
    first, second = (
        delete(image.reference, digest=image.digest),
        delete(image.reference, digest=image.digest),
    )

    assert first.state == second.state == State.SUCCEEDED
    assert "not there any more" in step(second, "check")["detail"]
    assert second.digest == image.digest


def test_without_a_known_digest_the_tag_is_deleted_as_it_is_then(
    team, delete, registry, add_registry, tagged
):
    add_registry(team, registry)
    image = tagged(registry)

    transfer = delete(image.reference)

    assert (transfer.state, transfer.digest) == (State.SUCCEEDED, image.digest)
    assert "1.0" not in registry.tags(image.repository)


def test_an_image_goes_with_all_of_its_tags(team, delete, registry, add_registry, tagged):
    row, image = add_registry(team, registry), tagged(registry)
    indexed(image, row, "1.0", "1", "latest")

    transfer = delete(
        f"{registry.host}/{image.repository}@{image.digest}", tags=["1.0", "1", "latest"]
    )

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert registry.tags(image.repository) == ["2.0"]
    assert registry.digest_of(image.repository, image.digest) is None
    assert not Tag.objects.exists()


def test_an_image_that_got_another_tag_meanwhile_stays(
    team, delete, registry, add_registry, tagged
):
    row, image = add_registry(team, registry), tagged(registry)
    indexed(image, row, "1.0", "1", "latest")

    transfer = delete(f"{registry.host}/{image.repository}@{image.digest}", tags=["1.0", "1"])

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "TagChanged")
    assert "latest" in describe(transfer.error).sentence
    assert len(registry.tags(image.repository)) == 4


@pytest.mark.parametrize("by_digest", [False, True])
def test_a_disabled_deletion_is_reported_and_deletes_nothing(
    team, delete, locked_registry, add_registry, tagged, client_for, alice, by_digest
):
    add_registry(team, locked_registry)
    image = tagged(locked_registry)
    before = digests(locked_registry, image)

    transfer = delete(
        f"{locked_registry.host}/{image.repository}@{image.digest}"
        if by_digest
        else image.reference,
        digest=image.digest,
    )

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "Unsupported")
    assert "storage.delete.enabled" in describe(transfer.error).advice
    assert digests(locked_registry, image) == before
    check_error(transfer, client_for(alice))


def test_a_login_for_pulls_only_deletes_nothing(team, delete, token_registry, add_registry, tagged):
    row = add_registry(team, token_registry, with_credential=False)
    add_credential(row, token_registry.reader_username, token_registry.reader_password)
    image = tagged(token_registry)

    transfer = delete(image.reference, digest=image.digest)

    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "Denied")
    assert len(token_registry.tags(image.repository)) == 4


@pytest.mark.parametrize("person", ["bob", "victor"])
def test_only_admins_start_one(request, team, delete, registry, person):
    with pytest.raises(PermissionDenied):
        delete(f"{registry.host}/team/app:1.0", user=request.getfixturevalue(person))
    assert not Transfer.objects.exists()


def test_an_admin_who_is_one_no_more_deletes_nothing(team, alice, registry, add_registry, tagged):
    add_registry(team, registry)
    image = tagged(registry)
    transfer = services.start_delete(
        team=team, user=alice, reference=Reference.parse(image.reference), enqueue=False
    )
    Membership.objects.filter(user=alice).update(role=Role.OPERATOR)

    ended = services.run_in_process(transfer)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "Denied")
    assert len(registry.tags(image.repository)) == 4


def test_a_retry_still_knows_what_the_person_saw(
    team, alice, delete, registry, add_registry, tagged, image_factory
):
    add_registry(team, registry)
    image = tagged(registry)
    newer = image_factory(registry, image.repository, "1.0")
    failed = delete(image.reference, digest=image.digest)

    again = services.run_in_process(services.retry(failed, alice, enqueue=False))

    assert again.error["kind"] == "TagChanged"
    assert registry.digest_of(image.repository, "1.0") == newer.digest


def test_a_name_with_tag_and_digest_is_refused_for_a_deletion(team, delete, registry):
    with pytest.raises(InvalidReference, check=says("not both")):
        delete(f"{registry.host}/team/app:1.0@sha256:{'a' * 64}")


def test_one_that_is_cancelled_before_it_begins_deletes_nothing(
    team, alice, registry, add_registry, tagged
):
    image = tagged(registry)
    with slow_line(registry.port) as line:
        add_registry(team, registry, host=line.host)
        line.hold("HEAD", "/manifests/1.0")
        reference = Reference.parse(f"{line.host}/{image.repository}:1.0")
        transfer = services.start_delete(
            team=team, user=alice, reference=reference, digest=image.digest, enqueue=False
        )
        thread = run_in_thread(transfer)
        assert line.is_holding.wait(20)
        services.cancel(transfer, alice)
        thread.join(10)
        line.release(drop=True)

    assert Transfer.objects.get(pk=transfer.pk).state == State.CANCELLED
    assert len(registry.tags(image.repository)) == 4


def test_a_worker_killed_within_a_deletion_is_replaced_by_one_that_ends_it(
    team, alice, manage, line, registry, tagged
):
    image = tagged(registry)
    line.hold("DELETE", "/manifests/1.0")
    worker = manage.start_worker()
    reference = Reference.parse(f"{line.host}/{image.repository}:1.0")
    transfer = services.start_delete(
        team=team, user=alice, reference=reference, digest=image.digest
    )
    assert line.is_holding.wait(30)

    kill(worker)
    line.release(drop=True)
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2), ended.error
    assert registry.tags(image.repository) == ["1", "2.0", "latest"]


@pytest.mark.parametrize("media", ["oci", "docker"])
def test_a_worker_killed_with_its_placeholder_under_the_tag_is_replaced_by_one_that_clears_it_away(
    team, alice, manage, line, registry, tagged, media
):
    image = tagged(registry, media=media)
    line.hold("PUT", "/manifests/1.0")
    worker = manage.start_worker()
    reference = Reference.parse(f"{line.host}/{image.repository}:1.0")
    transfer = services.start_delete(
        team=team, user=alice, reference=reference, digest=image.digest
    )
    assert line.is_holding.wait(30)
    line.release()
    line.hold("DELETE", "/manifests/sha256")
    assert line.is_holding.wait(30)

    kill(worker)
    line.release(drop=True)
    assert registry.digest_of(image.repository, "1.0") != image.digest
    manage.start_worker()
    ended = recover(transfer)

    assert (ended.state, ended.digest) == (State.SUCCEEDED, image.digest), ended.error
    assert registry.tags(image.repository) == ["1", "2.0", "latest"]
    assert registry.digest_of(image.repository, "1") == image.digest
