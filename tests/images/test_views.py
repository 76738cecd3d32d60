import re

import pytest
from django.urls import reverse

from registry_ui.images.models import LocalImage
from registry_ui.images.services import tag_image
from registry_ui.images.store import blob_directory
from registry_ui.oci.digest import Digest
from registry_ui.oci.reference import Reference
from tests.parts.images import build_image, build_index

from .test_store import damage

LIST = "/images/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def image(pulled, team, alice):
    return pulled(team, "docker.io/library/nginx:1.27-alpine", user=alice)


def page(image: LocalImage, name: str = "detail") -> str:
    return reverse(f"images:{name}", args=[image.pk])


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


# --- the list


def test_the_list_needs_a_sign_in(client, image):
    for address in (LIST, page(image), page(image, "remove")):
        assert client.get(address).status_code == 302


def test_the_list_shows_an_image_once_with_all_its_names(client_for, image, team, victor):
    tag_image(
        team=team,
        user=None,
        source=image.reference,
        target=Reference.parse("registry.example.com/web/nginx:1.0"),
    )
    response = client_for(victor).get(LIST)
    text = text_of(response)
    assert response.status_code == 200
    assert text.count(Digest.parse(image.image_id).short) == 1
    assert "docker.io/library/nginx:1.27-alpine" in text
    assert "registry.example.com/web/nginx:1.0" in text
    assert "linux/amd64" in text


def test_an_outsiders_list_shows_nothing_of_it(client_for, image, charlie):
    text = text_of(client_for(charlie).get(LIST))
    assert "nginx:1.27-alpine" not in text.replace("nginx:1.27-alpine. Choose", "")
    assert "No images yet" in text


def test_an_empty_list_has_the_pull_field(client_for, bob):
    content = client_for(bob).get(LIST).content.decode()
    assert f'action="{reverse("transfers:pull")}"' in content
    assert 'name="reference"' in content


def test_a_viewer_sees_no_buttons(client_for, image, victor):
    client = client_for(victor)
    for address in (LIST, page(image)):
        content = client.get(address).content.decode()
        for action in (reverse("transfers:push"), reverse("transfers:pull"), page(image, "remove")):
            assert f'href="{action}' not in content
            assert f'action="{action}' not in content


def test_an_operator_sees_the_buttons(client_for, image, bob):
    content = client_for(bob).get(LIST).content.decode()
    source = "?source=docker.io%2Flibrary%2Fnginx%3A1.27-alpine"
    for action in ("push", "publish", "tag"):
        assert f'href="{reverse(f"transfers:{action}")}{source}"' in content
    assert f'href="{page(image, "remove")}"' in content


def test_a_search_without_result_shows_the_escaped_text(client_for, image, victor):
    content = client_for(victor).get(LIST, {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in content
    assert "No image has such a name" in content


def test_htmx_gets_the_results_only(client_for, image, victor):
    client = client_for(victor)
    part = client.get(LIST, {"q": "nginx"}, headers=HTMX).content.decode()
    assert part.lstrip().startswith("<div")
    assert "<html" not in part
    boosted = client.get(
        LIST, {"q": "nginx"}, headers={**HTMX, "HX-Boosted": "true"}
    ).content.decode()
    assert "<html" in boosted


def test_shared_layers_are_counted_once(client_for, pulled, team, victor):
    sizes = []
    for name in ("a", "b"):
        built = build_image(seed=name, layers=1, layer_size=300_000, shared_layers=["base"])
        pulled(team, f"app:{name}", built)
        sizes.append(len(built.blobs[built.layers[0]]))
    totals = client_for(victor).get(LIST).context["totals"]
    assert (totals.images, totals.names, totals.saved, totals.unneeded) == (2, 2, sizes[0], 0)
    assert totals.used == sum(size for _digest, size in blob_directory())


def test_many_images_are_paginated(client_for, image, victor):
    template = LocalImage.objects.get()
    rows = []

    for number in range(120):
        row = LocalImage.objects.get(pk=template.pk)
        row.pk, row.tag, row.image_id = None, f"t{number}", str(Digest.of(str(number).encode()))
        row._state.adding = True
        row.id = __import__("uuid").uuid4()
        rows.append(row)

    LocalImage.objects.bulk_create(rows)
    client = client_for(victor)
    text = text_of(client.get(LIST, {"page": "2"}))
    assert "Page 2 of 3" in text
    assert client.get(LIST, {"page": "nonsense"}).status_code == 200
    assert client.get(LIST, {"page": "99"}).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_list_and_the_page_only_show(client_for, image, bob, method):
    client = client_for(bob)
    assert getattr(client, method)(LIST).status_code == 405
    assert getattr(client, method)(page(image)).status_code == 405


# --- one image


def test_the_page_shows_what_the_image_is(client_for, image, victor):
    text = text_of(client_for(victor).get(page(image)))
    for part in (
        "docker.io/library/nginx:1.27-alpine",
        "linux/amd64",
        "COPY files 0",
        "/bin/true",
        "tests.seed=",
    ):
        assert part in text

    assert f"skopeo inspect docker://docker.io/library/nginx@{image.digest}" in text
    assert "docker pull nginx:1.27-alpine" in text


def test_an_outsider_gets_404(client_for, image, charlie):
    client = client_for(charlie)
    for address in (page(image), page(image, "remove")):
        assert client.get(address).status_code == 404
    assert client.post(page(image, "remove")).status_code == 404
    assert LocalImage.objects.filter(pk=image.pk).exists()


def test_each_platform_of_an_index_has_its_layers(client_for, pulled, team, victor):
    index = build_index(
        platforms=["linux/amd64", "linux/arm64/v8"], layers=3, layer_size=500, attestation=True
    )
    image = pulled(team, "app:1.0", index)
    client = client_for(victor)

    for child in index.children[:2]:
        response = client.get(page(image), {"platform": child.digest})
        assert [
            layer.digest for layer in response.context["inspected"].diagram.layers
        ] == child.layers

    unknown = client.get(page(image), {"platform": "<script>"})
    assert unknown.context["inspected"].diagram.layers
    assert "linux/arm64/v8" in text_of(unknown)


def test_the_page_says_which_images_share_a_layer(client_for, pulled, team, victor, other_team):
    builts = [
        build_image(seed=name, layers=1, layer_size=500, shared_layers=["base"]) for name in "abc"
    ]
    image = pulled(team, "app:a", builts[0])
    pulled(team, "app:b", builts[1])
    pulled(other_team, "app:c", builts[2])
    layers = client_for(victor).get(page(image)).context["inspected"].diagram.layers
    assert [
        [str(sharer.reference.familiar) for sharer in layer.sharing.sharers] for layer in layers
    ] == [["app:b"], []]


def test_the_picture_is_to_scale_and_fits(client_for, pulled, team, victor):
    image = pulled(team, "app:1.0", layers=40)
    layers = client_for(victor).get(page(image)).context["inspected"].diagram.layers
    assert all(layer.width > 0 for layer in layers)
    assert layers[-1].x + layers[-1].width <= 1000


def test_foreign_texts_are_escaped(client_for, pulled, team, victor, monkeypatch):
    evil = '"><script>alert(1)</script>'
    image = pulled(team, "app:1.0", build_image(seed=evil, layer_size=500))
    content = client_for(victor).get(page(image)).content.decode()
    assert "<script>alert" not in content
    assert "&lt;script&gt;alert(1)" in content


def test_a_damaged_manifest_is_shown_and_repaired_by_a_pull(client_for, image, bob):
    damage(Digest.parse(image.digest))
    client = client_for(bob)
    response = client.get(page(image))
    assert response.status_code == 200
    assert "damaged" in text_of(response)
    assert (
        f'href="{reverse("transfers:pull")}?reference=docker.io%2Flibrary%2Fnginx%3A1.27-alpine"'
        in response.content.decode()
    )
    assert "missing" in text_of(client.get(page(image)))


def test_a_lost_layer_is_shown(client_for, pulled, team, victor):
    built = build_image(layer_size=500)
    image = pulled(team, "app:1.0", built)
    layer = Digest.parse(built.layers[0])

    with blob_directory().locked(layer):
        blob_directory().remove(layer)

    response = client_for(victor).get(page(image))
    assert "1 blob of this image is missing on the disk" in text_of(response)
    assert [layer.is_missing for layer in response.context["inspected"].diagram.layers] == [
        True,
        False,
    ]


def test_an_image_pulled_by_digest_has_a_page(client_for, pulled, team, victor):
    built = build_image(layer_size=500)
    image = pulled(team, f"app@{built.digest}", built)
    assert client_for(victor).get(page(image)).status_code == 200
    assert client_for(victor).get(LIST).status_code == 200


# --- removing a name


def test_a_viewer_may_not_remove(client_for, image, victor):
    client = client_for(victor)
    assert client.get(page(image, "remove")).status_code == 403
    assert client.post(page(image, "remove")).status_code == 403
    assert LocalImage.objects.filter(pk=image.pk).exists()


def test_get_removes_nothing_and_warns_of_the_last_name(client_for, image, bob):
    text = text_of(client_for(bob).get(page(image, "remove")))
    assert "last name" in text
    assert "KiB" in text
    assert LocalImage.objects.filter(pk=image.pk).exists()


def test_removing_the_last_name_redirects_to_the_list(client_for, image, bob):
    response = client_for(bob).post(page(image, "remove"), follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    assert "nginx:1.27-alpine was removed" in text_of(response)
    assert not LocalImage.objects.exists()


def test_removing_one_of_two_names_redirects_to_the_other(client_for, image, team, bob):
    other = tag_image(
        team=team,
        user=bob,
        source=image.reference,
        target=Reference.parse("registry.example.com/web/nginx:1.0"),
    )
    client = client_for(bob)
    text = text_of(client.get(page(image, "remove")))
    assert "it has 1 other name" in text
    assert "registry.example.com/web/nginx:1.0" in text
    assert client.post(page(image, "remove")).url == page(other)
    assert list(LocalImage.objects.all()) == [other]


@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_wrong_method_removes_nothing(client_for, image, bob, method):
    assert getattr(client_for(bob), method)(page(image, "remove")).status_code == 405
    assert LocalImage.objects.exists()


def test_a_removal_needs_the_csrf_token(image, bob):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.post(page(image, "remove")).status_code == 403
    assert LocalImage.objects.exists()
