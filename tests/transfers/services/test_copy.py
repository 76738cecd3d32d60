import pytest
from django.core.exceptions import PermissionDenied

from registry_ui.credentials.services import AmbiguousCredential, CredentialUnusable
from registry_ui.oci.errors import InvalidReference, OciError
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry
from tests.transfers.conftest import add_credential
from transfers import services
from transfers.models import Kind, Transfer
from transfers.services import start_copies, start_copy

pytestmark = pytest.mark.django_db

SOURCE = Reference.parse("lab.example/web/app:1.0")
TARGET = Reference.parse("prod.example/web/app:1.0")


@pytest.fixture
def registries(make_registry):
    return make_registry(host="lab.example"), make_registry(host="prod.example")


@pytest.fixture
def target_registry(team):
    return Registry.objects.create(team=team, name="Target", host=TARGET.registry)


def copy(team, user, *pairs, **options):
    return services.start_copies(
        team=team, user=user, pairs=pairs or [(SOURCE, TARGET)], enqueue=False, **options
    )


def test_a_copy_keeps_all_platforms_unless_one_is_chosen(team, bob, registries):
    row = start_copy(team=team, user=bob, source=SOURCE, target=TARGET, platform="", enqueue=False)
    assert (row.kind, row.platform) == (Kind.COPY, "all")

    row = start_copy(
        team=team, user=bob, source=SOURCE, target=TARGET, platform=" Linux/ARM64 ", enqueue=False
    )
    assert row.platform == "linux/arm64"


def test_each_end_has_its_registry_and_its_credential(team, bob, registries):
    lab, prod = registries
    reader = add_credential(lab, "reader", "s")
    writer = add_credential(prod, "writer", "s", can_push=True)

    row = start_copy(team=team, user=bob, source=SOURCE, target=TARGET, enqueue=False)

    assert (row.source_registry, row.target_registry) == registries
    assert (row.source_credential, row.target_credential) == (reader, writer)
    assert (row.needs_source_credential, row.needs_target_credential) == (True, True)


def test_several_tags_are_one_row_each(team, bob, registries):
    pairs = [(SOURCE.with_tag(tag), TARGET.with_tag(tag)) for tag in ("1.0", "1.1")]

    rows = start_copies(team=team, user=bob, pairs=pairs, enqueue=False)

    assert [row.target for row in rows] == [str(target) for _source, target in pairs]


@pytest.mark.parametrize(
    ("target", "platform"),
    [(SOURCE, "all"), (TARGET.with_digest(f"sha256:{'a' * 64}"), "all"), (TARGET, "linux")],
    ids=["to itself", "to a digest", "odd platform"],
)
def test_a_bad_pair_starts_none_of_them(team, bob, registries, target, platform):
    pairs = [(SOURCE.with_tag("2"), TARGET.with_tag("2")), (SOURCE, target)]

    with pytest.raises(OciError):
        start_copies(team=team, user=bob, pairs=pairs, platform=platform, enqueue=False)
    assert not Transfer.objects.exists()


def test_a_copy_to_itself_names_the_image(team, bob):
    with pytest.raises(InvalidReference) as raised:
        start_copy(team=team, user=bob, source=SOURCE, target=SOURCE, enqueue=False)
    assert raised.value.parameters == {"name": SOURCE.familiar}


def test_a_viewer_copies_nothing(team, victor, registries):
    with pytest.raises(PermissionDenied):
        start_copy(team=team, user=victor, source=SOURCE, target=TARGET, enqueue=False)


def test_two_repositories_at_one_endpoint_are_a_defect_of_the_caller(team):
    other = Reference.parse("q.example.com/other:1")

    with pytest.raises(ValueError, match="one repository"):
        copy(team, None, (SOURCE, TARGET), (SOURCE, other))


def test_a_credential_must_fit_its_own_endpoint(team, target_registry):
    pull_only = add_credential(target_registry, "reader", "x", can_push=False)
    with pytest.raises(CredentialUnusable):
        copy(team, None, target_credential=pull_only)
    with pytest.raises(CredentialUnusable):
        copy(team, None, source_credential=pull_only)

    for name in ("first", "second"):
        add_credential(target_registry, name, "x")
    with pytest.raises(AmbiguousCredential):
        copy(team, None)
    assert not Transfer.objects.exists()
