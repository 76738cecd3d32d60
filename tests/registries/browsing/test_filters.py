import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict

from registry_ui.registries.browsing.filters import RepositoryFilter, TagFilter
from registry_ui.registries.models import Repository, Tag
from tests.parts.index_rows import digest_of, make_repository

from .rows import add_tags

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]

_VERSIONS = [
    "1.29",
    "1.29.0",
    "1.28.1",
    "1.28.0",
    "1.27.3",
    "1.27.3-alpine",
    "1.27.3-alpine-slim",
    "1.27.3-perl",
]
NGINX = ["latest", *_VERSIONS, "1.30.0-rc1", "1.30.0-rc1-alpine", "alpine", "slim"]


@pytest.fixture
def nginx(make_registry):
    repository = make_repository(make_registry(), "library/nginx")
    add_tags(repository, NGINX)
    return repository


@pytest.fixture
def found(nginx):
    """The names that a query of an address leaves, in natural order, newest first."""

    def find(query: str) -> list[str]:
        wish = TagFilter.read(QueryDict(query))
        return list(
            wish.apply(Tag.objects.filter(repository=nginx))
            .order_by("-order_key")
            .values_list("name", flat=True)
        )

    return find


def test_nothing_asked_is_everything(found):
    assert sorted(found("")) == sorted(NGINX)
    assert not TagFilter.read(QueryDict("sort=-size&group=variant&hide=digest")).is_filtering


def test_all_words_have_to_occur_and_those_with_a_minus_must_not(found):
    assert found("q=1.27 ALPINE") == ["1.27.3-alpine", "1.27.3-alpine-slim"]
    assert found("q=1.27 -alpine") == ["1.27.3", "1.27.3-perl"]
    assert found("q=%25") == found("q=_7") == []


def test_a_digest_or_the_beginning_of_one_finds_its_tags(found, nginx):
    add_tags(nginx, {"again": "1.28.1"})
    digest = digest_of("1.28.1")

    assert found(f"q={digest}") == found(f"q={digest[:20]}") == ["1.28.1", "again"]
    assert found(f"q={digest} again") == ["again"]
    assert found("q=sha512:00") == []


def test_a_range_of_versions_leaves_what_lies_in_it(found):
    assert found("version=>=1.28 <1.29") == ["1.28.1", "1.28.0"]
    assert found("version=1.27.3") == [
        "1.27.3",
        "1.27.3-perl",
        "1.27.3-alpine",
        "1.27.3-alpine-slim",
    ]
    assert "latest" not in found("version=>=1")


def test_what_is_no_range_is_said_and_filters_nothing(found):
    wish = TagFilter.read(QueryDict("version=>=&q=slim"))

    assert "write a sign and a version" in wish.versions.problem
    assert "“>=”" in wish.versions.problem
    assert found("version=>=&q=slim") == ["slim", "1.27.3-alpine-slim"]


def test_one_of_the_variants_has_to_be_there(found):
    assert found("variant=slim") == ["slim", "1.27.3-alpine-slim"]
    assert found("variant=slim&variant=perl") == ["slim", "1.27.3-perl", "1.27.3-alpine-slim"]
    assert found("variant=plain&version=1.27.3") == ["1.27.3"]
    assert found("variant=lpin") == []


def test_filters_combine(found, nginx):
    Tag.objects.filter(name="1.27.3-alpine-slim").update(platforms="|linux/riscv64|")

    assert found(
        "variant=alpine&prereleases=hide&version=1.27.x&platform=linux/riscv64&q=slim"
    ) == ["1.27.3-alpine-slim"]
    assert found("variant=alpine&prereleases=hide&version=1.27.x&platform=linux/arm64") == [
        "1.27.3-alpine"
    ]
    assert found("platform=linux/arm") == []


def test_prereleases_can_be_hidden_and_problems_looked_for(found):
    Tag.objects.filter(name="1.28.0").update(problem="It is gone.")

    assert not any("rc" in name for name in found("prereleases=hide"))
    assert found("problems=only") == ["1.28.0"]


def test_the_address_says_the_same_again_without_what_goes_without_saying():
    query = "q=a&version=>=1&platform=linux/arm64&prereleases=hide&problems=only"
    query += "&sort=-size&group=variant&variant=slim&variant=perl&hide=digest"
    wish = TagFilter.read(QueryDict(query))

    assert TagFilter.read(QueryDict(wish.query.urlencode())) == wish
    assert (
        TagFilter.read(
            QueryDict("q=&version=+&platform=&sort=-version&hide=everything&after=x")
        ).query.urlencode()
        == ""
    )
    assert wish.width == 6


def test_an_order_that_there_is_not_is_refused():
    for read in (TagFilter.read, RepositoryFilter.read):
        with pytest.raises(BadRequest):
            read(QueryDict("sort=password"))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5000,
        "%00",
        "'%20OR%201=1%20--",
        "%F0%9F%90%B3",
        "-",
        "- -",
        "%25%25",
        "%5C",
        "sha256:%27",
    ],
)
def test_odd_texts_are_only_texts(found, nginx, text):
    for name in ("q", "version", "variant", "platform"):
        found(f"{name}={text}")
    RepositoryFilter.read(QueryDict(f"q={text}")).apply(Repository.objects.all()).count()


def test_a_thousand_variants_are_too_many():
    assert (
        len(TagFilter.read(QueryDict("&".join(f"variant=v{i}" for i in range(1000)))).variants)
        == 50
    )


def test_repositories_are_found_by_words_and_by_their_problems(make_registry):
    registry = make_registry()
    for name in ("team/app", "team/app-test", "other/app", "sha256"):
        make_repository(registry, name, problem="Refused." if name == "other/app" else "")

    def found(query):
        wish = RepositoryFilter.read(QueryDict(query))
        return sorted(
            wish.apply(Repository.objects.filter(registry=registry)).values_list("name", flat=True)
        )

    assert found("q=app team") == ["team/app", "team/app-test"]
    assert found("q=app -test") == ["other/app", "team/app"]
    assert found("q=sha256:00") == []
    assert found("problems=only") == ["other/app"]
    assert (
        RepositoryFilter.read(
            QueryDict("q=app&problems=only&sort=-size&before=x")
        ).query.urlencode()
        == "q=app&problems=only&sort=-size"
    )
