import json
import re

import pytest
from django.urls import reverse

from registry_ui.catalog.models import Tag
from registry_ui.oci.manifest import OCI_INDEX, OCI_MANIFEST
from registry_ui.registries.models import Security
from tests.parts.index_rows import digest_of, make_image, make_index, make_repository
from tests.parts.processes import free_port

from ..artifact_pages.artifact_rows import (
    HISTORY,
    LAYERS,
    RUN,
    described,
    manifest_of,
    save_artifact,
    save_helm_chart,
    save_index_with_attestation,
)

pytestmark = pytest.mark.django_db

# Escape sequences, text that runs backwards, markup, a link that runs a script.
NASTY = "\x1b[31m\u202egnirts\u2066<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@pytest.fixture
def registry_row(make_registry):
    """Return an unreachable registry, so that pages can only show the index."""
    return make_registry(host=f"127.0.0.1:{free_port()}", name="Ours", security=Security.PLAIN_HTTP)


@pytest.fixture
def nginx(registry_row):
    amd = make_image(registry_row, *LAYERS, run=RUN, history=HISTORY)
    arm = make_image(
        registry_row, LAYERS[0], ("arm", 7), platform="linux/arm64", run=RUN, history=HISTORY
    )
    index = save_index_with_attestation(registry_row, amd, arm)
    make_repository(
        registry_row,
        "web/nginx",
        {
            "latest": index,
            "1.27.3": index,
            "1.27": index,
            "old": make_image(registry_row, LAYERS[0]),
        },
    )
    return index


def page(registry, name, tag):
    return reverse("registries:image_by_tag", args=[registry.pk, name, tag])


def digest_page(registry, name, digest):
    return reverse("registries:image_by_digest", args=[registry.pk, name, digest])


def document(registry, name, digest, kind):
    return reverse("registries:document", args=[registry.pk, name, digest, kind])


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode())).replace(
        "\xa0", " "
    )


# --- who may see it


def test_an_outsider_gets_404_and_a_stranger_the_sign_in_page(
    client, client_for, charlie, registry_row, nginx
):
    addresses = [
        page(registry_row, "web/nginx", "latest"),
        digest_page(registry_row, "web/nginx", nginx.digest),
        document(registry_row, "web/nginx", nginx.digest, "manifest"),
    ]
    for address in addresses:
        assert client_for(charlie).get(address).status_code == 404
        assert client.get(address).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_only_get_is_allowed(client_for, alice, registry_row, nginx, method):
    for address in (
        page(registry_row, "web/nginx", "latest"),
        document(registry_row, "web/nginx", nginx.digest, "manifest"),
    ):
        assert getattr(client_for(alice), method)(address).status_code == 405


def test_actions_by_role(client_for, alice, bob, victor, registry_row, nginx):
    reference = f"{registry_row.host}/web/nginx:latest".replace(":", "%3A").replace("/", "%2F")
    tag = f"?registry={registry_row.pk}&amp;repository=web%2Fnginx&amp;tag=latest"
    compare = f'{reverse("registries:compare")}?left={reference}"'
    writing = [
        f'{reverse("transfers:pull")}?reference={reference}"',
        f'{reverse("transfers:retag")}?source={reference}"',
        f'{reverse("transfers:copy_tags")}{tag}"',
    ]
    deleting = f'{reverse("transfers:delete_tags")}{tag}"'
    pages = {
        person: client_for(person).get(page(registry_row, "web/nginx", "latest")).content.decode()
        for person in (alice, bob, victor)
    }

    assert all(compare in content for content in pages.values())
    assert all(address in pages[person] for address in writing for person in (alice, bob))
    assert not any(address in pages[victor] for address in writing)
    assert [deleting in pages[person] for person in (alice, bob, victor)] == [True, False, False]


# --- what it shows


def test_the_page_shows_the_image(client_for, victor, registry_row, nginx):
    text = text_of(client_for(victor).get(page(registry_row, "web/nginx", "latest")))

    for part in (
        f"{registry_row.host}/web/nginx:latest",
        "Index of several platforms",
        "OCI image index",
        "all platforms:",
        "curl -fsS http://localhost/ || exit 1",
        "every 30 s · at most 3.0 s each",
        "unhealthy after 3 failures in a row",
        "RUN set -x &amp;&amp; addgroup -g 101 -S nginx",
        "BSD-2-Clause",
        f"skopeo inspect docker://{registry_row.host}/web/nginx@{nginx.digest}",
        f"crane pull {registry_row.host}/web/nginx:latest nginx-latest.tar",
        "BuildKit attestation",
        "attached in the index, for linux/arm64",
    ):
        assert part in text, part


def test_a_floating_tag_is_marked_with_its_pinned_tag(client_for, victor, registry_row, nginx):
    response = client_for(victor).get(page(registry_row, "web/nginx", "latest"))

    assert "It names another image after each release" in text_of(response)
    assert "Today it is 1.27.3" in text_of(response)
    assert f'href="{page(registry_row, "web/nginx", "1.27.3")}"' in response.content.decode()
    assert "It names another image" not in text_of(
        client_for(victor).get(page(registry_row, "web/nginx", "1.27.3"))
    )


def test_a_moved_tag_can_be_compared_with_its_previous_digest(
    client_for, victor, registry_row, nginx
):
    Tag.objects.filter(name="latest").update(previous_digest=digest_of("before"))

    content = client_for(victor).get(page(registry_row, "web/nginx", "latest")).content.decode()

    left = (
        f"{registry_row.host}/web/nginx@{digest_of('before')}".replace(":", "%3A")
        .replace("/", "%2F")
        .replace("@", "%40")
    )
    assert f"{reverse('registries:compare')}?left={left}&amp;right=" in content


def test_each_platform_has_its_layers(client_for, victor, registry_row, nginx):
    client = client_for(victor)
    for entry, layers in zip(nginx.platforms, (3, 2), strict=True):
        response = client.get(
            page(registry_row, "web/nginx", "latest"), {"platform": entry["digest"]}
        )
        assert len(response.context["opened"].diagram.layers) == layers
    assert (
        client.get(page(registry_row, "web/nginx", "latest"), {"platform": "<script>"}).status_code
        == 200
    )


def test_lines_layers_and_picture_are_joined(client_for, victor, registry_row, nginx):
    content = client_for(victor).get(page(registry_row, "web/nginx", "latest")).content.decode()

    assert 'id="line-4" data-layer="2"' in content
    assert 'href="#line-4"' in content
    assert re.search(r'id="layer-2"\s+data-layer="2"', content)
    assert content.count('href="#layer-2"') == 2


def test_other_images_that_share_a_layer_are_named(client_for, victor, registry_row, nginx):
    content = client_for(victor).get(page(registry_row, "web/nginx", "latest")).content.decode()

    assert f'href="{page(registry_row, "web/nginx", "old")}"' in content


def test_a_digest_shows_the_indexes_that_contain_it(client_for, victor, registry_row, nginx):
    child = nginx.platforms[1]["digest"]

    text = text_of(client_for(victor).get(digest_page(registry_row, "web/nginx", child)))

    assert "It is part of" in text
    assert "1.27.3" in text
    assert "linux/arm64" in text


def test_an_artifact_that_is_no_image_has_a_page(client_for, victor, registry_row):
    make_repository(registry_row, "charts/demo", {"0.3.1": save_helm_chart(registry_row)})

    text = text_of(client_for(victor).get(page(registry_row, "charts/demo", "0.3.1")))

    for part in ("Helm chart", "demo.tgz", "No container starts from this", "oras pull"):
        assert part in text
    assert "How a container starts" not in text


# --- referrers


def test_referrers_are_fetched_into_the_page_and_by_a_plain_link(
    client_for, victor, htmx, registry_row, nginx
):
    client = client_for(victor)
    address = page(registry_row, "web/nginx", "latest")
    child = nginx.platforms[0]["digest"]
    query = f"?platform={child.replace(':', '%3A')}&amp;part=referrers"
    whole = client.get(address, {"platform": child}).content.decode()
    assert f'hx-get="{query}"' in whole
    assert f'href="{query}#referrers"' in whole

    part = client.get(address, {"platform": child, "part": "referrers"}, headers=htmx)
    assert part.content.decode().lstrip().startswith("<section")
    assert b"hx-get" not in part.content
    assert "BuildKit attestation" in text_of(part)

    plain = client.get(address, {"platform": child, "part": "referrers"})
    assert "<html" in plain.content.decode()
    assert b'hx-get="?platform' not in plain.content


def test_referrers_of_an_unreachable_registry_show_the_problem(
    client_for, victor, htmx, registry_row, nginx
):
    sbom = make_image(
        registry_row, ("sbom", 1), artifact_type="application/spdx+json", subject=nginx
    )

    response = client_for(victor).get(
        page(registry_row, "web/nginx", "latest"), {"part": "referrers"}, headers=htmx
    )

    assert response.status_code == 200
    assert "Try again" in text_of(response)
    assert "SBOM (SPDX)" in text_of(response)
    assert (
        f'href="{digest_page(registry_row, "web/nginx", sbom.digest)}"' in response.content.decode()
    )


# --- raw documents


def test_documents_are_the_exact_bytes_as_a_file(client_for, victor, registry_row, nginx):
    amd = registry_row.artifacts.get(digest=nginx.platforms[0]["digest"])
    expected = {
        ("manifest", nginx): nginx.document.manifest,
        ("manifest", amd): amd.document.manifest,
        ("config", amd): amd.document.config,
    }
    for (kind, artifact), content in expected.items():
        response = client_for(victor).get(
            document(registry_row, "web/nginx", artifact.digest, kind)
        )
        assert response.content == content
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{kind}-')


@pytest.mark.parametrize("kind", ["config", "layer", "artifact", "pk"])
def test_a_document_that_is_not_there_is_404(client_for, victor, registry_row, nginx, kind):
    assert (
        client_for(victor).get(document(registry_row, "web/nginx", nginx.digest, kind)).status_code
        == 404
    )


# --- what goes wrong


def test_a_missing_tag_is_404_with_the_cause(
    client_for, victor, make_registry, registry, image_factory
):
    real = make_registry(registry)
    pushed = image_factory(registry)

    response = client_for(victor).get(page(real, pushed.repository, "missing"))

    assert response.status_code == 404
    assert "missing" in text_of(response)
    assert "Try again" in text_of(response)


def test_a_registry_that_does_not_answer_has_a_page_with_the_cause(
    client_for, victor, registry_row, nginx
):
    address = page(registry_row, "web/nginx", "not-indexed")

    response = client_for(victor).get(address)

    assert response.status_code == 200
    assert registry_row.host in text_of(response)
    assert f'href="{address}"' in response.content.decode()
    unknown = document(registry_row, "web/nginx", digest_of("unknown"), "manifest")
    assert "Try again" in text_of(client_for(victor).get(unknown))


def test_a_tag_that_is_not_indexed_is_fetched_at_once(
    client_for, victor, make_registry, registry, image_factory
):
    real = make_registry(registry)
    pushed = image_factory(registry, platforms=["linux/amd64", "linux/arm64"], attestation=True)

    text = text_of(client_for(victor).get(page(real, pushed.repository, pushed.tag)))

    assert "linux/arm64" in text
    assert "BuildKit attestation" in text


# --- hostile contents


def nasty_image(registry):
    run = {
        "User": NASTY,
        "WorkingDir": NASTY,
        "Entrypoint": [NASTY],
        "Cmd": NASTY,
        "Env": [f"NAME={NASTY}", NASTY],
        "ExposedPorts": {NASTY: {}},
        "Volumes": {NASTY: {}},
        "StopSignal": NASTY,
        "Healthcheck": {"Test": ["CMD-SHELL", NASTY]},
        "Labels": {
            NASTY: NASTY,
            "org.opencontainers.image.url": "javascript:alert(1)",
            "org.opencontainers.image.source": "https://github.com@evil.example/",
            "org.opencontainers.image.documentation": "data:text/html,<script>alert(1)</script>",
            "org.opencontainers.image.title": NASTY,
            "link": "JaVaScRiPt:alert(1)",
        },
    }
    history = [
        {"created_by": NASTY, "comment": NASTY},
        {"created_by": f"RUN {NASTY}", "empty_layer": True},
    ]
    return make_image(
        registry,
        ("a", 1),
        run=run,
        history=history,
        annotations={NASTY: NASTY, "org.opencontainers.image.base.name": NASTY},
    )


def nasty_artifact(registry):
    layer = described(
        "x",
        f"application/x{NASTY}",
        annotations={"org.opencontainers.image.title": NASTY, "in-toto.io/predicate-type": NASTY},
    )
    document = manifest_of(
        b"{}",
        [layer],
        "application/x-nasty",
        artifactType=NASTY,
        annotations={NASTY: "javascript:alert(1)"},
    )
    return save_artifact(
        registry, document, b'{"x": "</pre><script>alert(1)</script>"}', artifact_type="nasty <b>"
    )


def nasty_index(registry):
    entry = described(
        "x", OCI_MANIFEST, artifactType=NASTY, annotations={"vnd.docker.reference.digest": NASTY}
    )
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [entry],
        "annotations": {NASTY: NASTY},
    }
    return save_artifact(registry, document, media_type=OCI_INDEX, config_digest="")


@pytest.mark.parametrize("make", [nasty_image, nasty_artifact, nasty_index])
def test_nasty_texts_are_inert(client_for, alice, htmx, registry_row, make):
    make_repository(registry_row, "a/b", {"1.0": make(registry_row)})
    client = client_for(alice)

    shown = [
        client.get(page(registry_row, "a/b", "1.0")),
        client.get(page(registry_row, "a/b", "1.0"), {"part": "referrers"}, headers=htmx),
    ]

    for response in shown:
        content = response.content.decode()
        assert response.status_code == 200
        assert "<script>alert" not in content
        assert "<img src=x" not in content
        assert not re.search(r'href="\s*(javascript|data|vbscript):', content, re.IGNORECASE)
        assert "evil.example" not in "".join(re.findall(r'href="[^"]*"', content))
        assert not set(content) & set("\x1b\u202e\u2066")


def test_external_links_have_no_referrer(client_for, alice, registry_row, nginx):
    content = client_for(alice).get(page(registry_row, "web/nginx", "latest")).content.decode()

    links = re.findall(r'<a href="https?://[^>]*>', content)
    assert links
    assert all('rel="noopener noreferrer nofollow"' in link for link in links)


def test_very_large_documents_are_bounded(client_for, victor, registry_row):
    labels = {f"label.{number}.{'k' * 200}": "v" * 4000 for number in range(500)}
    history = [{"created_by": f"RUN {'x' * 4000}"}] * 600
    run = {"Labels": labels, "Env": [f"V{number}={'e' * 3000}" for number in range(600)]}
    image = make_image(
        registry_row,
        *((f"layer {number}", number) for number in range(400)),
        run=run,
        history=history,
    )
    name = "a" * 200 + "/" + "b" * 54
    make_repository(registry_row, name, {"t" * 128: image})

    response = client_for(victor).get(page(registry_row, name, "t" * 128))

    assert response.status_code == 200
    assert len(response.content) < 3_000_000
    assert "There is more than a page can show" in text_of(response)
    assert "100 more layers are in the manifest only" in text_of(response)


# --- queries


def test_a_page_takes_at_most_twelve_queries(
    client_for, alice, registry_row, nginx, django_assert_max_num_queries
):
    make_repository(
        registry_row,
        "apps/many",
        {
            f"1.{number}": make_image(registry_row, LAYERS[0], (f"app {number}", 5))
            for number in range(20)
        },
    )
    client = client_for(alice)
    addresses = [
        page(registry_row, "web/nginx", "latest"),
        digest_page(registry_row, "web/nginx", nginx.digest),
        digest_page(registry_row, "web/nginx", nginx.platforms[0]["digest"]),
        document(registry_row, "web/nginx", nginx.digest, "manifest"),
    ]
    for address in addresses:
        with django_assert_max_num_queries(12):
            assert client.get(address).status_code == 200


def test_the_part_with_referrers_takes_at_most_twelve_queries(
    client_for, alice, htmx, registry_row, nginx, django_assert_max_num_queries
):
    for number in range(5):
        make_image(
            registry_row,
            (f"sbom {number}", 1),
            artifact_type="application/spdx+json",
            subject=nginx,
        )
    client = client_for(alice)

    with django_assert_max_num_queries(12):
        client.get(page(registry_row, "web/nginx", "latest"), {"part": "referrers"}, headers=htmx)


def test_an_index_of_an_index_is_shown_by_its_images(client_for, victor, registry_row):
    image = make_image(registry_row, ("a", 1))
    inner = make_index(registry_row, image)
    entry = {"mediaType": OCI_INDEX, "digest": inner.digest, "size": inner.manifest_size}
    outer = save_artifact(
        registry_row,
        json.loads(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})),
        media_type=OCI_INDEX,
        config_digest="",
        platforms=image.platforms,
    )
    make_repository(registry_row, "a/b", {"1.0": outer})

    response = client_for(victor).get(page(registry_row, "a/b", "1.0"))

    assert len(response.context["opened"].diagram.layers) == 1
