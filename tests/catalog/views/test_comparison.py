import re

import pytest
from django.urls import reverse

from registry_ui.registries.models import Security
from tests.parts.index_rows import make_image, make_index, make_repository
from tests.parts.processes import free_port

from ..artifact_pages.artifact_rows import HISTORY, LAYERS, RUN, save_helm_chart

pytestmark = pytest.mark.django_db

COMPARE = "/registries/compare/"
NASTY = "\u202e<script>alert(1)</script>\"'"


@pytest.fixture
def registry_row(make_registry):
    """Return an unreachable registry, so that pages can only show the index."""
    registry = make_registry(host=f"127.0.0.1:{free_port()}", security=Security.PLAIN_HTTP)
    new = make_image(registry, *LAYERS, run=RUN, history=HISTORY)
    old = make_image(
        registry,
        LAYERS[0],
        ("older packages", 900_000),
        run={**RUN, "User": "", "Env": ["NGINX_VERSION=1.27.2", "GONE=1"]},
    )
    make_repository(registry, "web/nginx", {"1.27.3": new, "latest": new, "1.27.2": old})
    arm = make_image(registry, ("arm", 5), platform="linux/arm64")
    make_repository(
        registry,
        "web/both",
        {"1": make_index(registry, new, arm), "2": make_index(registry, arm, old)},
    )
    return registry


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode())).replace(
        "\xa0", " "
    )


@pytest.fixture
def compare(client_for, victor, registry_row):
    def get(left, right, person=victor, **more):
        names = {
            "left": f"{registry_row.host}/{left}" if left else "",
            "right": f"{registry_row.host}/{right}" if right else "",
        }
        return client_for(person).get(COMPARE, {**names, **more})

    return get


def test_the_route():
    assert reverse("registries:compare") == COMPARE


def test_two_images_side_by_side(compare):
    response = compare("web/nginx:1.27.2", "web/nginx:1.27.3")
    text = text_of(response)

    assert response.status_code == 200
    for part in (
        "In both",
        "Only left",
        "Only right",
        "NGINX_VERSION",
        "1.27.2",
        "GONE",
        "101:101",
        "entries are the same",
        "only right",
    ):
        assert part in text, part
    assert [layer.change for layer in response.context["comparison"].layers] == [
        "equal",
        "removed",
        "added",
        "added",
    ]


def test_the_sides_are_swapped_by_a_link(compare, registry_row):
    response = compare("web/nginx:1.27.2", "web/nginx:1.27.3")

    swapped = response.context["comparison"].swapped
    assert swapped.index("1.27.3") < swapped.index("1.27.2")
    assert swapped.replace("&", "&amp;") in response.content.decode()


def test_by_digest(compare, registry_row):
    old = registry_row.artifacts.get(tags__name="1.27.2", tags__repository__name="web/nginx").digest

    response = compare(f"web/nginx@{old}", "web/nginx:1.27.2")

    assert "they are the same image" in text_of(response)


def test_a_platform_that_both_have_is_chosen_and_can_be_changed(compare):
    first = compare("web/both:1", "web/both:2")
    assert first.context["comparison"].common == ["linux/amd64", "linux/arm64"]
    assert "platform=linux%2Farm64" in first.content.decode()

    second = compare("web/both:1", "web/both:2", platform="linux/arm64")
    assert "for this platform it is the same image" in text_of(second)
    assert compare("web/both:1", "web/both:2", platform="<script>").status_code == 200


def test_other_artifacts_are_compared_by_layers_only(compare, registry_row):
    make_repository(registry_row, "charts/demo", {"1": save_helm_chart(registry_row)})

    assert "not both are images" in text_of(compare("charts/demo:1", "charts/demo:1"))


# --- the form


def test_without_names_there_is_a_form(client_for, victor, registry_row):
    content = client_for(victor).get(COMPARE).content.decode()

    assert 'name="left"' in content
    assert 'name="right"' in content
    assert 'aria-invalid="true"' not in content


def test_with_one_name_the_latest_tags_are_suggested(client_for, victor, registry_row):
    response = client_for(victor).get(COMPARE, {"left": f"{registry_row.host}/web/nginx:1.27.2"})
    content = response.content.decode()

    assert f'value="{registry_row.host}/web/nginx:1.27.2"' in content
    assert 'aria-invalid="true"' not in content
    assert {tag.name for tag in response.context["others"]} == {"1.27.3", "latest"}
    assert "right=" in content


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required"),
        ("Upper/Case:1", "upper-case letters"),
        (
            "registry.example.com/x/y:1",
            "No registry of your team has the host registry.example.com",
        ),
        ("https://x", "is a URL"),
        (NASTY, ""),
        ("x" * 501, "at most 500 characters"),
    ],
)
@pytest.mark.parametrize("side", ["left", "right"])
def test_errors_are_at_their_field(client_for, victor, registry_row, side, name, message):
    other = {"left": "right", "right": "left"}[side]

    response = client_for(victor).get(
        COMPARE, {side: name, other: f"{registry_row.host}/web/nginx:1.27.2"}
    )

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [side]
    assert message in text_of(response)
    assert "<script>alert" not in response.content.decode()


def test_a_missing_image_is_an_error_of_its_field(compare):
    response = compare("web/nginx:1.27.2", "web/nginx:not-indexed")

    assert list(response.context["form"].errors) == ["right"]


def test_other_teams_registries_are_unknown(
    client_for, charlie, registry_row, make_registry, other_team
):
    make_registry(team=other_team, host="theirs.example.com")
    name = f"{registry_row.host}/web/nginx:1.27.2"

    response = client_for(charlie).get(COMPARE, {"left": name, "right": name})

    assert set(response.context["form"].errors) == {"left", "right"}
    assert "older packages" not in response.content.decode()
    assert client_for(charlie).get(COMPARE, {"left": name}).context["others"] == []


def test_the_current_teams_registry_is_preferred(
    client_for, victor, registry_row, make_registry, other_team
):
    from registry_ui.accounts.models import Membership

    Membership.objects.create(team=other_team, user=victor, role="viewer")
    make_registry(team=other_team, host=registry_row.host)

    assert (
        "comparison"
        in client_for(victor)
        .get(
            COMPARE,
            {
                "left": f"{registry_row.host}/web/nginx:1.27.2",
                "right": f"{registry_row.host}/web/nginx:latest",
            },
        )
        .context
    )


def test_it_needs_a_sign_in_and_allows_only_get(client, client_for, victor, registry_row):
    assert client.get(COMPARE).status_code == 302
    assert client_for(victor).post(COMPARE).status_code == 405


# --- hostile contents


def test_nasty_texts_are_inert(compare, registry_row):
    run = {"Env": [f"A={NASTY}"], "Labels": {NASTY: NASTY}, "User": NASTY, "Cmd": NASTY}
    nasty = make_image(registry_row, (NASTY, 1), run=run, history=[{"created_by": NASTY}])
    make_repository(registry_row, "a/b", {"nasty": nasty})

    for response in (
        compare("a/b:nasty", "web/nginx:latest"),
        compare("web/nginx:latest", "a/b:nasty"),
        compare("a/b:nasty", "a/b:nasty"),
    ):
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()
        assert "\u202e" not in response.content.decode()


def test_very_large_documents_are_bounded(compare, registry_row):
    def large(name):
        run = {"Labels": {f"{name}.{number}": "v" * 4000 for number in range(500)}}
        history = [
            {"created_by": f"RUN {name} {number}", "empty_layer": number > 900}
            for number in range(2000)
        ]
        return make_image(
            registry_row,
            *((f"{name} {number}", number) for number in range(900)),
            run=run,
            history=history,
        )

    make_repository(registry_row, "a/b", {"1": large("one"), "2": large("two")})

    response = compare("a/b:1", "a/b:2")

    assert response.status_code == 200
    assert len(response.content) < 3_000_000


def test_a_comparison_takes_at_most_twelve_queries(
    client_for, victor, registry_row, django_assert_max_num_queries
):
    client = client_for(victor)
    for left, right in (("web/nginx:1.27.2", "web/nginx:1.27.3"), ("web/both:1", "web/both:2")):
        with django_assert_max_num_queries(12):
            assert (
                "comparison"
                in client.get(
                    COMPARE,
                    {
                        "left": f"{registry_row.host}/{left}",
                        "right": f"{registry_row.host}/{right}",
                    },
                ).context
            )


def test_images_of_two_registries_are_compared(
    client_for, victor, registry_row, make_registry, django_assert_max_num_queries
):
    other = make_registry(host=f"127.0.0.1:{free_port()}", security=Security.PLAIN_HTTP)
    amd, arm = make_image(other, LAYERS[0]), make_image(other, ("arm", 5), platform="linux/arm64")
    make_repository(other, "x/y", {"1": make_index(other, amd, arm)})
    client = client_for(victor)

    with django_assert_max_num_queries(12):
        response = client.get(
            COMPARE, {"left": f"{registry_row.host}/web/both:1", "right": f"{other.host}/x/y:1"}
        )

    assert [layer.change for layer in response.context["comparison"].layers] == [
        "equal",
        "removed",
        "removed",
    ]
