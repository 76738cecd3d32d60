import pytest
from django.http import QueryDict

from registry_ui.catalog.listings.filters import RepositoryFilter, TagFilter
from registry_ui.catalog.models import Repository, Tag
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import digest_of, make_repository

from .tag_rows import add_tags

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
def matching(nginx):
    """Return a function from a query string to the matching tags, the newest first."""

    def find(query: str) -> list[str]:
        list_filter = TagFilter.read(QueryDict(query))
        return list(
            list_filter.apply(Tag.objects.filter(repository=nginx))
            .order_by("-order_key")
            .values_list("name", flat=True)
        )

    return find


def test_an_empty_query_matches_everything(matching):
    assert sorted(matching("")) == sorted(NGINX)
    assert not TagFilter.read(QueryDict("sort=-size&group=variant&hide=digest")).is_filtering


def test_all_terms_must_match_and_those_with_a_minus_must_not(matching):
    assert matching("q=1.27 ALPINE") == ["1.27.3-alpine", "1.27.3-alpine-slim"]
    assert matching("q=1.27 -alpine") == ["1.27.3", "1.27.3-perl"]
    assert matching("q=%25") == matching("q=_7") == []


def test_a_digest_or_the_beginning_of_one_finds_its_tags(matching, nginx):
    add_tags(nginx, {"again": "1.28.1"})
    digest = digest_of("1.28.1")

    assert matching(f"q={digest}") == matching(f"q={digest[:20]}") == ["1.28.1", "again"]
    assert matching(f"q={digest} again") == ["again"]
    assert matching("q=sha512:00") == []


def test_a_range_of_versions_matches_versions_in_it(matching):
    assert matching("version=>=1.28 <1.29") == ["1.28.1", "1.28.0"]
    assert matching("version=1.27.3") == [
        "1.27.3",
        "1.27.3-perl",
        "1.27.3-alpine",
        "1.27.3-alpine-slim",
    ]
    assert "latest" not in matching("version=>=1")


def test_an_invalid_range_is_reported_and_filters_nothing(matching):
    list_filter = TagFilter.read(QueryDict("version=>=&q=slim"))

    assert "write a sign and a version" in list_filter.versions.problem
    assert "“>=”" in list_filter.versions.problem
    assert matching("version=>=&q=slim") == ["slim", "1.27.3-alpine-slim"]


def test_one_of_the_variants_must_match(matching):
    assert matching("variant=slim") == ["slim", "1.27.3-alpine-slim"]
    assert matching("variant=slim&variant=perl") == ["slim", "1.27.3-perl", "1.27.3-alpine-slim"]
    assert matching("variant=plain&version=1.27.3") == ["1.27.3"]
    assert matching("variant=lpin") == []


def test_filters_combine(matching, nginx):
    Tag.objects.filter(name="1.27.3-alpine-slim").update(platforms="|linux/riscv64|")

    assert matching(
        "variant=alpine&prereleases=hide&version=1.27.x&platform=linux/riscv64&q=slim"
    ) == ["1.27.3-alpine-slim"]
    assert matching("variant=alpine&prereleases=hide&version=1.27.x&platform=linux/arm64") == [
        "1.27.3-alpine"
    ]
    assert matching("platform=linux/arm") == []


def test_prereleases_can_be_hidden_and_problems_selected(matching):
    Tag.objects.filter(name="1.28.0").update(problem=stored_error("It is gone."))

    assert not any("rc" in name for name in matching("prereleases=hide"))
    assert matching("problems=only") == ["1.28.0"]


def test_the_query_string_has_no_defaults():
    query = "q=a&version=>=1&platform=linux/arm64&prereleases=hide&problems=only"
    query += "&sort=-size&group=variant&variant=slim&variant=perl&hide=digest"
    list_filter = TagFilter.read(QueryDict(query))

    assert TagFilter.read(QueryDict(list_filter.query.urlencode())) == list_filter
    assert (
        TagFilter.read(
            QueryDict("q=&version=+&platform=&sort=-version&hide=everything&after=x")
        ).query.urlencode()
        == ""
    )
    assert list_filter.table.hidden == {"digest"}


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
def test_odd_texts_are_only_texts(matching, nginx, text):
    for name in ("q", "version", "variant", "platform"):
        matching(f"{name}={text}")
    RepositoryFilter.read(QueryDict(f"q={text}")).apply(Repository.objects.all()).count()


def test_a_thousand_variants_are_too_many():
    assert (
        len(TagFilter.read(QueryDict("&".join(f"variant=v{i}" for i in range(1000)))).variants)
        == 50
    )


def test_repositories_match_by_terms_and_problems(make_registry):
    registry = make_registry()
    for name in ("team/app", "team/app-test", "other/app", "sha256"):
        make_repository(
            registry, name, problem=stored_error("Refused.") if name == "other/app" else None
        )

    def matching(query):
        list_filter = RepositoryFilter.read(QueryDict(query))
        return sorted(
            list_filter.apply(Repository.objects.filter(registry=registry)).values_list(
                "name", flat=True
            )
        )

    assert matching("q=app team") == ["team/app", "team/app-test"]
    assert matching("q=app -test") == ["other/app", "team/app"]
    assert matching("q=sha256:00") == []
    assert matching("problems=only") == ["other/app"]
    assert (
        RepositoryFilter.read(
            QueryDict("q=app&problems=only&sort=-size&before=x")
        ).query.urlencode()
        == "q=app&problems=only&sort=-size"
    )
