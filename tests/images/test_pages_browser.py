import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from registry_ui.images.models import LocalImage
from registry_ui.images.services import tag_image
from registry_ui.oci.reference import Reference
from tests.parts.images import BuiltManifest, build_image, build_index, digest_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


HISTORY = [
    ("/bin/sh -c #(nop) ADD file:0d2f1c8e7a in / ", 2_900_000),
    ('/bin/sh -c #(nop)  CMD ["/bin/sh"]', None),
    ("LABEL maintainer=NGINX Docker Maintainers <docker-maint@nginx.com>", None),
    ("ENV NGINX_VERSION=1.27.3", None),
    (
        "RUN /bin/sh -c set -x && addgroup -g 101 -S nginx && "
        "apk add --no-cache tzdata curl && rm -rf /tmp/* # buildkit",
        1_400_000,
    ),
    ("COPY docker-entrypoint.sh / # buildkit", 700),
    ("COPY 30-tune-worker-processes.sh /docker-entrypoint.d # buildkit", 1_500),
    ('ENTRYPOINT ["/docker-entrypoint.sh"]', None),
    ("EXPOSE map[80/tcp:{}]", None),
    ('CMD ["nginx" "-g" "daemon off;"]', None),
]


RUN = {
    "User": "101:101",
    "WorkingDir": "/usr/share/nginx/html",
    "Entrypoint": ["/docker-entrypoint.sh"],
    "Cmd": ["nginx", "-g", "daemon off;"],
    "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
    "Env": [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "NGINX_VERSION=1.27.3",
        "NJS_VERSION=0.8.7",
    ],
    "Labels": {
        "maintainer": "NGINX Docker Maintainers",
        "org.opencontainers.image.source": "https://github.com/nginx/docker-nginx",
    },
    "StopSignal": "SIGQUIT",
}


def written(seed: str, base: str) -> BuiltManifest:
    """Build an image with a realistic config."""
    own = [size for _command, size in HISTORY if size is not None]
    built = build_image(seed=seed, layers=0, shared_layers=[base])
    layers = [next(content for digest, content in built.blobs.items() if digest == built.layers[0])]
    layers += [os.urandom(size) for size in own[1:]]
    config = {
        "created": "2026-11-02T08:15:30.123456789Z",
        "architecture": "amd64",
        "os": "linux",
        "config": {**RUN, "Hostname": seed},
        "history": [
            {"created_by": command, "empty_layer": size is None} for command, size in HISTORY
        ],
    }
    raw = json.dumps(config).encode()
    document = json.loads(built.content)
    document["config"] |= {"digest": digest_of(raw), "size": len(raw)}
    document["layers"] = [
        {**document["layers"][0], "digest": digest_of(layer), "size": len(layer)}
        for layer in layers
    ]
    blobs = {digest_of(blob): blob for blob in (raw, *layers)}

    return BuiltManifest(
        json.dumps(document).encode(),
        built.media_type,
        "linux/amd64",
        digest_of(raw),
        [digest_of(layer) for layer in layers],
        blobs,
    )


@pytest.fixture
def gallery(pulled, team, alice, bob):
    """A few images of a team; the value is the first."""
    image = pulled(
        team, "docker.io/library/nginx:1.27-alpine", written("nginx", "alpine"), user=alice
    )
    for name in (
        "registry.example.com/platform/web/nginx:1.27.3",
        "registry.example.com/platform/web/nginx:stable",
    ):
        tag_image(team=team, user=bob, source=image.reference, target=Reference.parse(name))

    pulled(team, "docker.io/library/caddy:2-alpine", written("caddy", "alpine"), user=bob)
    index = build_index(
        platforms=["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "linux/s390x"],
        layers=5,
        layer_size=400_000,
    )
    pulled(team, "ghcr.io/example/api:2.1.0", index, user=bob)
    pulled(
        team, "10.0.0.5:5000/base/debian:bookworm-slim", build_image(layers=1, layer_size=1_000_000)
    )
    LocalImage.objects.update(image_created_at=datetime(2026, 11, 2, 8, 15, tzinfo=UTC))

    return image


@pytest.fixture
def shoot(page: Page):
    """A function that takes screenshots, wide and narrow, light and dark, and fails on errors."""
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def keep(name: str) -> None:
        folder = os.environ.get("REGISTRY_UI_TEST_SCREENSHOTS")
        for width, scheme in ((1280, "light"), (390, "light"), (1280, "dark"), (390, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                f"{name} is wider than {width} pixels"
            )
            page.evaluate("window.scrollTo(0, 0)")
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)

        page.set_viewport_size({"width": 1280, "height": 900})
        page.emulate_media(color_scheme="light")

    yield keep
    assert complaints == []


def test_the_list_searches_as_you_type(page: Page, live_server, sign_in, gallery, bob, shoot):
    sign_in(bob)
    page.goto(f"{live_server.url}/images/")
    expect(page.locator("tbody tr")).to_have_count(4)
    shoot("list")
    page.keyboard.press("f")
    page.keyboard.type("caddy")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{live_server.url}/images/?q=caddy")
    expect(page.get_by_label("Search images by name")).to_be_focused()
    page.keyboard.type("xyz")
    expect(page.get_by_text("No image has such a name")).to_be_visible()
    shoot("list-nothing")


def test_an_empty_list_leads_to_a_pull(page: Page, live_server, sign_in, bob, shoot):
    sign_in(bob)
    page.goto(f"{live_server.url}/images/")
    shoot("list-empty")
    page.get_by_label("Image to pull").fill("redis:7-alpine")
    page.get_by_role("button", name="Pull").click()
    expect(page).to_have_url(f"{live_server.url}/transfers/pull/?reference=redis%3A7-alpine")


def test_the_page_of_an_image(page: Page, live_server, sign_in, gallery, bob, shoot):
    sign_in(bob)
    page.goto(f"{live_server.url}/images/{gallery.pk}/")
    rects = page.locator(".layer-diagram rect")
    expect(rects).to_have_count(4)
    widths = [box["width"] for box in (rect.bounding_box() for rect in rects.all())]
    assert widths[1] > 20 * widths[2] > 0
    expect(page.locator("#history code").nth(4)).to_contain_text("RUN set -x")
    shoot("detail")


def test_the_page_of_an_index_shows_the_chosen_platform(
    page: Page, live_server, sign_in, gallery, bob, shoot
):
    sign_in(bob)
    index = LocalImage.objects.get(registry="ghcr.io")
    page.goto(f"{live_server.url}/images/{index.pk}/")
    page.get_by_role("link", name="linux/arm/v7").click()
    expect(page.locator("#layers h2")).to_contain_text("linux/arm/v7")
    shoot("detail-index")


def test_a_name_is_removed_after_a_confirmation_page(
    page: Page, live_server, sign_in, gallery, bob, shoot
):
    sign_in(bob)
    page.goto(f"{live_server.url}/images/{gallery.pk}/")
    page.get_by_role("link", name="Remove the name…").click()
    expect(page.get_by_text("it has 2 other names")).to_be_visible()
    shoot("remove")
    page.get_by_role("button", name="Remove the name").click()
    expect(page.get_by_text("nginx:1.27-alpine was removed")).to_be_visible()
    last = LocalImage.objects.get(repository="library/caddy")
    page.goto(f"{live_server.url}/images/{last.pk}/remove/")
    shoot("remove-last")


def test_the_overview_section(page: Page, live_server, sign_in, gallery, bob, shoot):
    sign_in(bob)
    page.goto(live_server.url)
    expect(page.get_by_role("heading", name="Local images")).to_be_visible()
    shoot("overview")
