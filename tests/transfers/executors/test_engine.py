import json
import threading

import pytest

from registry_ui.accounts.models import Membership, Team
from registry_ui.credentials.models import CredentialGrant
from registry_ui.environment import EngineSetting
from registry_ui.images.engines.client import Engine
from registry_ui.images.models import LocalImage
from registry_ui.oci.reference import Reference
from registry_ui.web.errors import describe
from tests.parts.processes import wait_until
from transfers import services
from transfers.models import Kind, State, Transfer
from transfers.presenter import TransferPresenter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


@pytest.fixture(params=["docker", "podman"])
def engine(request, settings):
    """Return the name of an engine for every team; each test runs with both kinds."""
    running = request.getfixturevalue(
        {"docker": "docker_engine", "podman": "podman_service"}[request.param]
    )
    settings.ENGINES = (EngineSetting(request.param, running.host, frozenset({"*"})),)
    return request.param


@pytest.fixture
def opened(engine, settings):
    with Engine(settings.ENGINES[0]) as engine:
        yield engine


@pytest.fixture
def run_transfer(team, alice, engine):
    """Return a function that starts a transfer at the engine as Alice and runs it."""

    def run(start, *, platform=None, **names):
        options = {name: Reference.parse(text) for name, text in names.items()} | (
            {"platform": platform} if platform else {}
        )
        return services.run_in_process(
            start(team=team, user=alice, engine=engine, enqueue=False, **options)
        )

    return run


def test_the_engine_pulls_with_its_own_progress(run_transfer, opened, registry, image_factory):
    image = image_factory(registry, layers=3, layer_size=200_000)

    transfer = run_transfer(services.start_engine_pull, reference=image.reference)

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert transfer.digest == image.digest
    assert opened.inspect(image.reference)["Id"].removeprefix(
        "sha256:"
    ) == image.config.removeprefix("sha256:")
    layers = TransferPresenter(transfer).progress.layers
    assert layers
    assert {layer.state for layer in layers} <= {"done", "exists", "unpacking"}


def test_an_image_goes_from_the_engine_to_a_registry_under_another_name(
    run_transfer, opened, registry, image_factory, skopeo
):
    image = image_factory(registry, layers=2)
    run_transfer(services.start_engine_pull, reference=image.reference)
    repository = registry.new_repository()
    target = f"{registry.host}/{repository}:2.0"

    transfer = run_transfer(services.start_engine_push, source=image.reference, target=target)

    assert (transfer.kind, transfer.state) == (Kind.PUBLISH, State.SUCCEEDED), transfer.error
    assert registry.digest_of(repository, "2.0") == transfer.digest or not transfer.digest
    assert (
        json.loads(skopeo.manifest(registry, repository, "2.0"))["config"]["digest"] == image.config
    )


def test_a_tag_is_one_more_name_of_the_same_id(
    run_transfer, opened, team, alice, engine, registry, image_factory
):
    image = image_factory(registry)
    run_transfer(services.start_engine_pull, reference=image.reference)
    target = Reference.parse(f"registry.example.com/{registry.new_repository()}:1")

    transfer = services.start_engine_tag(
        team=team, user=alice, engine=engine, source=Reference.parse(image.reference), target=target
    )

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert opened.inspect(str(target))["Id"] == opened.inspect(image.reference)["Id"]


def test_a_failure_inside_a_response_of_200_is_a_failure(run_transfer, registry):
    missing = f"{registry.host}/{registry.new_repository()}:1.0"

    transfer = run_transfer(services.start_engine_pull, reference=missing)

    assert transfer.state == State.FAILED
    assert "engine" in describe(transfer.error).sentence
    assert describe(transfer.error).advice


def test_store_to_engine_to_store_keeps_the_image_id(
    team, run_transfer, pull, opened, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, layers=3)
    pull(image.reference)
    before = LocalImage.objects.get(team=team)

    loaded = run_transfer(services.start_load, source=image.reference)
    assert loaded.state == State.SUCCEEDED, loaded.error
    back = f"back.example.com/{registry.new_repository()}:1.0"
    saved = run_transfer(services.start_save, source=image.reference, target=back)

    assert saved.state == State.SUCCEEDED, saved.error
    after = LocalImage.objects.get(team=team, registry="back.example.com")
    assert after.image_id == before.image_id
    assert saved.digest == after.digest
    if after.digest != before.digest:
        assert "manifest" in saved.progress["note"]


def test_one_platform_of_several_is_loaded(
    team, run_transfer, pull, opened, registry, add_registry, image_factory
):
    add_registry(team, registry)
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64/v8"])
    pull(image.reference, platform="all")

    transfer = run_transfer(services.start_load, source=image.reference, platform="linux/arm64/v8")

    assert transfer.state == State.SUCCEEDED, transfer.error
    assert opened.inspect(image.reference)["Architecture"] == "arm64"


@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_the_engine_is_given_the_credential_of_the_team_and_no_other(
    team, other_team, run_transfer, htpasswd_registry, image_factory, add_registry
):
    image = image_factory(htpasswd_registry)
    row = add_registry(team, htpasswd_registry)

    transfer = run_transfer(services.start_engine_pull, reference=image.reference)

    assert transfer.state == State.SUCCEEDED, transfer.error
    credential = row.credentials.get()
    assert transfer.source_credential == credential
    assert credential.used_at is not None
    assert htpasswd_registry.password not in json.dumps(
        [transfer.progress, transfer.error, transfer.options]
    )


@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_a_credential_that_another_team_shares_is_not_handed_to_an_engine(
    team, other_team, alice, run_transfer, htpasswd_registry, image_factory, add_registry
):
    image = image_factory(htpasswd_registry)
    row = add_registry(other_team, htpasswd_registry)
    credential = row.credentials.get()
    CredentialGrant.objects.create(credential=credential, team=team)

    transfer = run_transfer(services.start_engine_pull, reference=image.reference)
    forced = Transfer.objects.create(
        team=team,
        user=alice,
        requested_by="alice",
        kind=Kind.PULL,
        engine="docker",
        source=image.reference,
        target=image.reference,
        target_is_local=True,
        source_credential=credential,
        needs_source_credential=True,
    )

    assert (transfer.state, transfer.source_credential) == (State.FAILED, None)
    assert services.run_in_process(forced).error["kind"] == "CredentialUnusable"
    credential.refresh_from_db()
    assert credential.used_at is None


@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_an_engine_that_the_operator_removed_is_not_used_by_queued_transfers(
    team, alice, engine, settings, registry, image_factory
):
    image = image_factory(registry)
    transfer = services.start_engine_pull(
        team=team,
        user=alice,
        engine=engine,
        reference=Reference.parse(image.reference),
        enqueue=False,
    )
    settings.ENGINES = (
        EngineSetting(engine, settings.ENGINES[0].address, frozenset({"another-team"})),
    )

    ended = services.run_in_process(transfer)

    assert (ended.state, ended.error["kind"]) == (State.FAILED, "EngineUnknown")


@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_a_pull_at_an_engine_is_cancelled_within_seconds(
    team, alice, engine, line, registry, image_factory, settings
):
    image = image_factory(registry, layers=2, layer_size=4 << 20)
    line.bytes_per_second = 200_000
    name = Reference.parse(image.reference.replace(registry.host, line.host))
    transfer = services.start_engine_pull(
        team=team, user=alice, engine=engine, reference=name, enqueue=False
    )
    thread = threading.Thread(target=services.run_in_process, args=(transfer,))
    thread.start()
    wait_until(lambda: Transfer.objects.get(pk=transfer.pk).bytes_done > 0, seconds=60)

    services.cancel(transfer, alice)

    thread.join(5)
    assert not thread.is_alive()
    assert Transfer.objects.get(pk=transfer.pk).state == State.CANCELLED


@pytest.mark.parametrize("engine", ["docker"], indirect=True)
def test_who_left_the_team_pulls_nothing(team, bob, engine, registry, image_factory):
    image = image_factory(registry)
    transfer = services.start_engine_pull(
        team=team,
        user=bob,
        engine=engine,
        reference=Reference.parse(image.reference),
        enqueue=False,
    )
    Membership.objects.filter(user=bob).delete()

    assert services.run_in_process(transfer).error["kind"] == "Denied"
    assert Team.objects.filter(pk=team.pk).exists()
