import re

import pytest
from django.urls import reverse
from django.utils import timezone

from registry_ui.catalog.models import IndexRun, Repository, Tag
from registry_ui.jobs.models import State
from tests.catalog.listings.tag_rows import add_artifact, add_tags
from tests.parts.error_texts import stored_error
from tests.parts.index_rows import digest_of, make_image, make_repository

pytestmark = pytest.mark.postgresql

NOW = timezone.now()


def url(repository) -> str:
    return reverse("registries:repository", args=[repository.registry_id, repository.name])


@pytest.fixture
def nginx(make_registry):
    """Return a repository with three versions in two variants, and floating tags."""
    repository = make_repository(make_registry(name="Ours"), "library/nginx")
    versions = ("1.29.0", "1.28.1", "1.27.3")
    add_tags(
        repository,
        {
            f"{version}{suffix}": f"{version}{suffix}"
            for version in versions
            for suffix in ("", "-alpine")
        },
    )
    add_tags(repository, {"latest": "1.29.0", "1.29": "1.29.0", "alpine": "1.29.0-alpine"})
    add_artifact(repository)
    return repository


@pytest.fixture
def get_page(client_for, alice, nginx):
    client = client_for(alice)
    return lambda query="", **options: client.get(url(nginx) + query, **options)


def tags_in(answer) -> list[str]:
    return re.findall(r'name="tag"\s+value="([^"]+)"', answer.content.decode())


# --- who


def test_everybody_in_the_team_sees_it(client_for, alice, bob, victor, nginx) -> None:
    for person in (alice, bob, victor):
        page = client_for(person).get(url(nginx)).content.decode()
        assert (
            reverse("registries:image_by_tag", args=[nginx.registry_id, "library/nginx", "1.28.1"])
            in page
        )


def test_an_outsider_and_a_wrong_name_get_404(
    client_for, charlie, alice, nginx, make_registry
) -> None:
    assert client_for(charlie).get(url(nginx)).status_code == 404
    client = client_for(alice)
    assert client.get(url(nginx).replace("nginx", "apache")).status_code == 404
    other = make_registry(host="other.example.com")
    assert (
        client.get(reverse("registries:repository", args=[other.pk, "library/nginx"])).status_code
        == 404
    )


def test_it_is_only_read(client_for, alice, nginx) -> None:
    for method in ("post", "put", "delete"):
        assert getattr(client_for(alice), method)(url(nginx)).status_code == 405


def test_what_can_be_done_to_tags_depends_on_the_role(
    client_for, alice, bob, victor, nginx
) -> None:
    acts = [reverse(f"transfers:{act}_tags") for act in ("pull", "copy", "delete")]
    pages = [client_for(person).get(url(nginx)).content.decode() for person in (alice, bob, victor)]
    assert [[f'formaction="{act}"' in page for act in acts] for page in pages] == [
        [True] * 3,
        [True, True, False],
        [False] * 3,
    ]
    assert 'name="tag"' not in pages[2]
    for view in ("index_start", "repository_add", "repository_remove"):
        assert reverse(f"registries:{view}", args=[nginx.registry_id]) not in pages[2]


def test_the_role_that_counts_is_the_one_in_the_registrys_team(
    client_for, charlie, other_team, nginx
) -> None:
    from registry_ui.accounts.models import Membership

    Membership.objects.create(team=nginx.team, user=charlie, role="viewer")
    client = client_for(charlie)
    client.post(reverse("accounts:switch_team"), {"team": other_team.pk})
    page = client.get(url(nginx)).content.decode()
    assert "1.28.1" in page
    assert 'name="tag"' not in page


# --- what


def test_the_head_names_the_repository_and_how_to_pull_it(get_page, nginx) -> None:
    Repository.objects.filter(pk=nginx.pk).update(size=5 * 2**30, shared_size=2**30)
    page = get_page().content.decode()
    assert f"docker pull {nginx.registry.host}/library/nginx:latest" in page
    assert f'data-copy="{nginx.registry.host}/library/nginx"' in page
    assert "4.0\N{NO-BREAK SPACE}GiB its own, 1.0\N{NO-BREAK SPACE}GiB shared" in page
    assert reverse("registries:repository_storage", args=[nginx.registry_id, nginx.name]) in page


def test_on_docker_hub_the_short_name_is_enough(client_for, alice, team) -> None:
    repository = make_repository(team.registries.get(host="docker.io"), "library/redis")
    add_tags(repository, ["7.4"])
    assert "docker pull redis:7.4" in client_for(alice).get(url(repository)).content.decode()


def test_names_of_one_digest_are_chips(get_page, nginx) -> None:
    add_tags(nginx, {f"also-{i}": "1.29.0" for i in range(5)})
    page = " ".join(get_page().content.decode().split())
    assert f'href="{url(nginx)}?q={digest_of("1.29.0").replace(":", "%3A")}"' in page
    assert re.search(r'class="alias" translate="no" href="[^"]*:latest/">latest</a>', page)
    assert 'title="All names of this digest">+4</a>' in page


def test_a_tag_that_is_not_indexed_has_a_link(get_page, nginx) -> None:
    add_tags(nginx, ["2.0"], digest="", checked_at=None)
    page = get_page().content.decode()
    assert "not looked at yet" in page
    assert (
        reverse("registries:image_by_tag", args=[nginx.registry_id, "library/nginx", "2.0"]) in page
    )


def test_a_moved_tag_shows_its_previous_digest(get_page, nginx) -> None:
    Tag.objects.filter(name="latest").update(previous_digest=digest_of("old"))
    assert f"The tag was moved here from {digest_of('old')[7:19]}" in get_page().content.decode()


def test_a_tag_shows_its_problem(get_page, nginx) -> None:
    Tag.objects.filter(name="1.27.3").update(problem=stored_error("<script>alert(1)</script>"))
    page = get_page("?problems=only").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


def test_platforms_are_chips_without_linux(get_page, nginx) -> None:
    Tag.objects.update(platforms="|linux/amd64|linux/arm64|linux/arm/v7|windows/amd64|linux/s390x|")
    page = " ".join(get_page().content.decode().split())
    assert 'title="linux/arm/v7" translate="no">arm/v7</span>' in page
    assert '>+2<span class="visually-hidden">' in page
    assert ">windows/amd64</span>" in page


# --- filters, orders, columns


def test_the_newest_version_comes_first(get_page) -> None:
    newest = [
        "latest",
        "alpine",
        "1.29",
        "1.29.0",
        "1.29.0-alpine",
        "1.28.1",
        "1.28.1-alpine",
        "1.27.3",
        "1.27.3-alpine",
    ]
    assert tags_in(get_page()) == newest
    assert tags_in(get_page("?sort=version")) == newest[::-1]


def test_filters_combine_and_stay_in_the_form_and_the_links(get_page, nginx) -> None:
    answer = get_page(
        "?q=1.2&version=%3E%3D1.28+%3C1.30&variant=alpine&platform=linux/arm64&prereleases=hide&sort=name&hide=digest"
    )
    page = " ".join(answer.content.decode().split())
    assert tags_in(answer) == ["1.28.1-alpine", "1.29.0-alpine"]
    assert "2 of 9 tags" in page
    assert 'value="&gt;=1.28 &lt;1.30"' in page
    assert 'name="variant" value="alpine" checked' in page
    assert 'name="prereleases" value="hide" checked' in page
    assert '<option value="linux/arm64" selected>' in page
    assert 'name="hide" value="digest" checked' in page
    again = re.search(r'id="sort-version" href="([^"]+)"', page)[1].replace("&amp;", "&")
    assert tags_in(get_page(again.partition("?")[2] and f"?{again.partition('?')[2]}")) == [
        "1.29.0-alpine",
        "1.28.1-alpine",
    ]


def test_an_invalid_range_is_reported_at_its_field(get_page, htmx) -> None:
    answer = get_page("?version=%3E%3D&q=alpine")
    assert answer.status_code == 200
    assert "write a sign and a version" in answer.content.decode()
    assert len(tags_in(answer)) == 4
    fragment = get_page("?version=%3E%3D", headers=htmx).content.decode()
    assert '<p hx-swap-oob="innerHTML:#versions-problem">“&gt;=” is no bound' in fragment
    assert (
        '<p hx-swap-oob="innerHTML:#versions-problem"></p>'
        in get_page("?version=1.28", headers=htmx).content.decode()
    )


def test_columns_can_be_hidden(get_page) -> None:
    page = get_page(
        "?hide=digest&hide=platforms&hide=size&hide=built&hide=changed&hide=aliases"
    ).content.decode()
    for label in ("Digest", "Platforms", "Size", "Built", "Last change"):
        assert f'data-label="{label}"' not in page
    assert 'class="same-digest"' not in page
    assert 'data-label="Size"' in get_page("?hide=digest").content.decode()


def test_tags_can_be_grouped_by_variant(get_page) -> None:
    page = get_page("?group=variant").content.decode()
    headings = re.findall(r'scope="rowgroup" colspan="7">([^<]+)</th>', page)
    assert headings == ["Plain", "alpine"]
    assert tags_in(get_page("?group=variant"))[:5] == [
        "latest",
        "1.29",
        "1.29.0",
        "1.28.1",
        "1.27.3",
    ]


def test_pages_keep_the_filters(get_page, nginx) -> None:
    add_tags(nginx, [f"0.{i}" for i in range(60)])
    first = get_page("?sort=version&version=0.x&group=variant").content.decode()
    assert "?sort=version&amp;group=variant&amp;after=0.49" in first.replace("version=0.x&amp;", "")
    assert tags_in(get_page("?sort=version&version=0.x&group=variant&after=0.49")) == [
        f"0.{i}" for i in range(50, 60)
    ]
    assert tags_in(get_page("?sort=version&version=0.x&group=variant&before=0.50")) == [
        f"0.{i}" for i in range(50)
    ]


def test_an_unknown_order_or_page_is_refused(get_page) -> None:
    assert get_page("?sort=secret").status_code == 400
    assert get_page("?sort=-size&after=nonsense").status_code == 400


def test_htmx_gets_the_results_and_a_clean_address(get_page, nginx, htmx) -> None:
    answer = get_page(
        "?q=alpine&version=&platform=&sort=-version", headers={**htmx, "HX-Trigger": "tag-filters"}
    )
    assert "<html" not in answer.content.decode()
    assert len(tags_in(answer)) == 4
    assert answer["HX-Replace-Url"] == f"{url(nginx)}?q=alpine"


def test_after_a_run_the_filters_have_new_choices(get_page, nginx, htmx) -> None:
    add_tags(nginx, ["1.30.0-rc1"])
    renewed = get_page(
        "?variant=alpine", headers={**htmx, "HX-Trigger": "results"}
    ).content.decode()
    assert 'id="tag-choices" hx-swap-oob="true"' in " ".join(renewed.split())
    assert "Hide pre-releases" in renewed
    assert "tag-choices" not in get_page("?variant=alpine", headers=htmx).content.decode()


# --- where nothing is


def test_no_match_links_to_all_tags(get_page) -> None:
    page = get_page("?q=nothing").content.decode()
    assert "No tag matches" in page
    assert "0 of 9 tags" in page


def test_a_repository_without_tags_has_a_message(get_page, client_for, alice, nginx) -> None:
    nginx.tags.all().delete()
    assert "This repository has no tags" in get_page().content.decode()
    unknown = make_repository(nginx.registry, "team/new", indexed_at=None)
    page = client_for(alice).get(url(unknown)).content.decode()
    assert "Nobody has looked at this repository yet" in page
    assert "Look at it now" in page


def test_a_repositorys_problem_is_shown(get_page, nginx) -> None:
    Repository.objects.filter(pk=nginx.pk).update(
        problem=stored_error("The registry <b>refused</b>.")
    )
    assert "The registry &lt;b&gt;refused&lt;/b&gt;." in get_page().content.decode()


def test_the_repositorys_own_run_is_shown_with_its_progress(get_page, nginx) -> None:
    progress = {"phase": "indexing", "tags": 552, "tags_done": 230}
    IndexRun.objects.create(
        team=nginx.team,
        registry=nginx.registry,
        repository=nginx.name,
        state=State.RUNNING,
        progress=progress,
    )
    page = get_page().content.decode()
    assert "230 of 552" in page
    assert "repository=library%2Fnginx" in page


def test_long_names_are_shown_in_full(client_for, alice, make_registry) -> None:
    registry = make_registry()
    repository = make_repository(registry, "/".join(["n" * 50] * 5))
    add_tags(repository, ["t" * 128, "v" * 127 + "_"])
    assert client_for(alice).get(url(repository)).status_code == 200


# --- speed


def test_ten_thousand_tags_take_no_more_than_twelve_queries(
    get_page, nginx, django_assert_max_num_queries
) -> None:
    add_tags(
        nginx,
        [
            f"{a}.{b}.{c}{suffix}"
            for a in range(3, 13)
            for b in range(50)
            for c in range(5)
            for suffix in ("", "-slim", "-rc1", "-fpm")
        ],
    )
    get_page()

    queries = (
        "",
        "?sort=-size",
        "?sort=-date&group=variant",
        "?q=9.9&version=9.x&variant=slim",
        "?q=none",
        "?after=5.5.1",
        "?variant=fpm",
    )
    for query in queries:
        with django_assert_max_num_queries(12):
            assert get_page(query).status_code == 200


def test_rows_need_no_queries_of_their_own(get_page, nginx, django_assert_max_num_queries) -> None:
    for tag in nginx.tags.all():
        tag.artifact = make_image(nginx.registry, (tag.name, 10))
        tag.digest = tag.artifact.digest
        tag.save()
    with django_assert_max_num_queries(11):
        get_page()
