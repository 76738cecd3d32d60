import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.environment import EngineSetting
from registry_ui.oci.errors import InvalidManifest, ManifestUnknown, OciError
from registry_ui.oci.reference import Reference
from tests.transfers.conftest import add_credential
from tests.transfers.local_images import local_image
from transfers import services
from transfers.models import Kind, State, Transfer
from transfers.services.engine import team_candidates

pytestmark = pytest.mark.django_db

NAME = Reference.parse("registry.example.com/web/app:1.0")


@pytest.fixture(autouse=True)
def engines(settings):
    settings.ENGINES = (
        EngineSetting("build", "unix:///nowhere.sock", frozenset({"harbour"})),
        EngineSetting("theirs", "unix:///nowhere.sock", frozenset({"lighthouse"})),
    )


def starts(team, user=None, engine="build"):
    """Return each service with the same image."""
    common = {"team": team, "user": user, "engine": engine}
    names = {"source": NAME, "target": NAME.with_tag("2.0")}
    return [
        lambda: services.start_engine_pull(reference=NAME, enqueue=False, **common),
        lambda: services.start_engine_push(enqueue=False, **names, **common),
        lambda: services.start_engine_tag(**names, **common),
        lambda: services.start_load(source=NAME, enqueue=False, **common),
        lambda: services.start_save(enqueue=False, **names, **common),
    ]


def test_a_pull_normalizes_the_platform_and_leaves_it_to_the_engine_if_empty(team, bob):
    def pull(platform):
        return services.start_engine_pull(
            team=team, user=bob, engine="build", reference=NAME, platform=platform, enqueue=False
        )

    assert pull("linux/arm64/v8").platform == "linux/arm64/v8"
    assert pull(" ").platform == ""
    with pytest.raises(InvalidManifest):
        pull("linux")


@pytest.mark.parametrize("engine", ["theirs", "unknown", ""])
def test_an_engine_of_another_team_takes_nothing(team, bob, engine):
    with pytest.raises(OciError):
        services.start_engine_pull(
            team=team, user=bob, engine=engine, reference=NAME, enqueue=False
        )
    assert not Transfer.objects.exists()


def test_a_push_under_another_name_tags_first(team, bob):
    def push(source):
        return services.start_engine_push(
            team=team, user=bob, engine="build", source=source, target=NAME, enqueue=False
        )

    assert push(NAME).kind == Kind.PUSH
    assert push(Reference.parse("app:dev")).kind == Kind.PUBLISH


def test_a_shared_credential_is_not_given_to_an_engine(team, other_team, make_registry):
    registry = make_registry(team=other_team)
    shared = add_credential(registry, "theirs", "secret")
    shared.grants.create(team=team, repository_pattern="")
    own = add_credential(make_registry(), "ours", "secret")

    assert team_candidates(team, NAME) == [own]


def test_only_an_image_that_is_here_is_loaded(team, bob):
    with pytest.raises(ManifestUnknown):
        services.start_load(team=team, user=bob, engine="build", source=NAME, enqueue=False)

    local_image(team, str(NAME))
    row = services.start_load(team=team, user=bob, engine="build", source=NAME, enqueue=False)
    assert (row.kind, row.engine, row.source_is_local, row.target_is_local) == (
        Kind.LOAD,
        "build",
        True,
        True,
    )


def test_a_save_has_a_name_of_its_own(team, bob):
    source = Reference.parse("app:dev")

    row = services.start_save(
        team=team, user=bob, engine="build", source=source, target=NAME, enqueue=False
    )

    assert (row.kind, row.target) == (Kind.SAVE, str(NAME))


def test_viewers_and_outsiders_start_nothing(team, victor, charlie):
    local_image(team, str(NAME))
    for person in (victor, charlie):
        for start in starts(team, person):
            with pytest.raises(PermissionDenied):
                start()
    assert not Transfer.objects.exists()


def test_each_service_makes_its_kind_for_the_engine(team, bob):
    local_image(team, str(NAME))

    rows = [start() for start in starts(team, bob)]

    assert [(row.kind, row.source_is_local, row.target_is_local) for row in rows] == [
        (Kind.PULL, False, True),
        (Kind.PUBLISH, True, False),
        (Kind.TAG, True, True),
        (Kind.LOAD, True, True),
        (Kind.SAVE, True, True),
    ]
    assert {row.engine for row in rows} == {"build"}
    # The tag has run already, at an engine that does not answer.
    assert rows.pop(2).state == State.FAILED
    assert {row.state for row in rows} == {State.QUEUED}
