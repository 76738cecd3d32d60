"""The pull-through cache of other registries."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from registry_ui.accounts.models import Scope
from registry_ui.credentials.models import Credential
from registry_ui.images.garbage_collection import collect
from registry_ui.images.models import LocalImage
from registry_ui.registries.models import Registry, Security
from registry_ui.serving.maintenance import ensure_builtin_registries, maintain_builtin_registry
from registry_ui.serving.models import CachedTag
from tests.parts.images import build_image, push
from tests.parts.scripted_server import Reply, scripted_server
from tests.parts.slow_line import slow_line
from tests.parts.web_server import WebServer
from tests.transfers.conftest import check_every_blob_hashes_to_its_name

from .client import Calls, codes, content_of, secret_of

pytestmark = pytest.mark.django_db(transaction=True)


def know(team, host, **credential):
    row = Registry.objects.create(team=team, name=host, host=host, security=Security.PLAIN_HTTP)
    if credential:
        made = Credential(team=team, registry=row, label="ci", username=credential["username"])
        made.set_secret(credential["password"])
        made.save()
    return row


def through(host, repository, slug="harbour"):
    return f"{slug}/proxy/{host.replace(':', '_')}/{repository}"


@pytest.fixture
def line(registry, team):
    """The open registry behind a proxy that records requests."""
    with slow_line(registry.port) as line:
        know(team, line.host)
        yield line


def pulled(calls, name, image):
    assert calls("GET", f"/v2/{name}/manifests/{image.tag}").content == image.built.content
    for digest, content in image.blobs.items():
        assert content_of(calls("GET", f"/v2/{name}/blobs/{digest}")) == content


def test_an_image_is_fetched_once_and_cached(
    reader, line, registry, image_factory, images_directory, settings
):
    settings.PROXY_FRESH_SECONDS = 600
    image = image_factory(registry, layer_size=100_000)
    name = through(line.host, image.repository)

    for _time in range(2):
        pulled(reader, name, image)

    assert line.count("GET", "/blobs/") == len(image.blobs)
    assert line.count("GET", "/manifests/") == 1
    assert line.count("HEAD", "/manifests/") == 1
    assert json.loads(reader("GET", f"/v2/{name}/tags/list").content)["tags"] == ["1.0"]
    assert reader("GET", f"/v2/{name}/manifests/{image.digest}").content == image.built.content

    check_every_blob_hashes_to_its_name(images_directory)
    assert not LocalImage.objects.exists()


def test_an_index_is_served_whole_and_its_images_on_request(reader, line, registry, image_factory):
    image = image_factory(registry, platforms=["linux/amd64", "linux/arm64"], layer_size=500)
    name = through(line.host, image.repository)
    assert reader("GET", f"/v2/{name}/manifests/1.0").content == image.built.content
    child = image.children[1]
    assert reader("GET", f"/v2/{name}/manifests/{child.digest}").content == child.content
    assert (
        content_of(reader("GET", f"/v2/{name}/blobs/{child.layers[0]}"))
        == child.blobs[child.layers[0]]
    )
    assert line.count("GET", f"/manifests/{image.children[0].digest}") == 0


def test_a_moved_tag_is_seen_once_the_cached_one_is_stale(
    reader, line, registry, image_factory, settings
):
    image = image_factory(registry, layer_size=500)
    name = through(line.host, image.repository)
    pulled(reader, name, image)
    moved = push(registry, build_image(layer_size=600), image.repository, "1.0")
    assert reader("GET", f"/v2/{name}/manifests/1.0").content == image.built.content

    settings.PROXY_FRESH_SECONDS = 0
    pulled(reader, name, moved)
    # The layers that did not change, and the same manifest, are not fetched again.
    before = line.count("GET", "/(manifests|blobs)/")
    pulled(reader, name, moved)
    assert line.count("GET", "/(manifests|blobs)/") == before


def test_an_unreachable_registry_is_served_from_the_cache(
    reader, own_registry, team, image_factory, settings
):
    settings.PROXY_FRESH_SECONDS = 0
    know(team, own_registry.host)
    image = image_factory(own_registry, layer_size=500)
    name = through(own_registry.host, image.repository)
    pulled(reader, name, image)
    own_registry.stop()
    pulled(reader, name, image)
    absent = reader("GET", f"/v2/{name}/manifests/2.0")
    assert (absent.status_code, codes(absent)) == (502, ["UNKNOWN"])


def test_a_tag_deleted_at_its_registry_is_unknown(reader, line, registry, image_factory, settings):
    settings.PROXY_FRESH_SECONDS = 0
    image = image_factory(registry, layer_size=500)
    name = through(line.host, image.repository)
    pulled(reader, name, image)
    registry.session().delete(
        f"{registry.url}/v2/{image.repository}/manifests/{image.digest}", timeout=30
    )
    assert codes(reader("GET", f"/v2/{name}/manifests/1.0")) == ["MANIFEST_UNKNOWN"]
    assert not CachedTag.objects.exists()


def test_the_teams_credential_is_used_and_never_revealed(
    reader, team, token_registry, image_factory
):
    know(
        team,
        token_registry.host,
        username=token_registry.username,
        password=token_registry.password,
    )
    image = image_factory(token_registry, layer_size=500)
    pulled(reader, through(token_registry.host, image.repository), image)
    assert Credential.objects.get().used_at is not None


def test_a_refused_team_login_is_403_for_the_client(reader, team, token_registry, image_factory):
    know(team, token_registry.host, username=token_registry.username, password="not-the-password")
    image = image_factory(token_registry, layer_size=500)
    answer = reader("GET", f"/v2/{through(token_registry.host, image.repository)}/manifests/1.0")
    assert (answer.status_code, codes(answer)) == (403, ["DENIED"])
    assert "WWW-Authenticate" not in answer.headers
    assert "not-the-password" not in answer.content.decode()


def test_a_rate_limit_of_the_registry_is_passed_on(reader, team):
    with scripted_server() as server:
        server.on("GET", r"/v2/", Reply(200))
        for method in ("GET", "HEAD"):
            server.on(method, r"/v2/.+", Reply(429, headers={"Retry-After": "120"}))
        know(team, server.host)
        answer = reader("GET", f"/v2/{through(server.host, 'app')}/manifests/1.0")
    assert (answer.status_code, codes(answer)) == (429, ["TOOMANYREQUESTS"])
    assert int(answer.headers["Retry-After"]) > 0


def test_many_simultaneous_clients_cause_one_fetch(line, registry, image_factory, victor):
    image = image_factory(registry, layers=1, layer_size=400_000)
    name = through(line.host, image.repository)
    secret = secret_of(victor, Scope.READ)

    def pull(_number):
        from django.db import connection

        from .client import basic

        try:
            pulled(Calls(basic("x", secret)), name, image)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(pull, range(16)))
    assert line.count("GET", "/manifests/") == 1
    assert line.count("GET", "/blobs/") == len(image.blobs)


def test_the_first_client_gets_bytes_before_the_last_one_has_arrived(
    reader, line, registry, image_factory
):
    image = image_factory(registry, layers=1, layer_size=1_000_000)
    name = through(line.host, image.repository)
    reader("GET", f"/v2/{name}/manifests/1.0")
    line.bytes_per_second = 50_000
    started = time.monotonic()
    answer = reader("GET", f"/v2/{name}/blobs/{image.layers[0]}")
    chunks = iter(answer.streaming_content)
    first = next(chunks)
    assert time.monotonic() - started < 15  # of the 20 s that the whole layer takes

    line.bytes_per_second = None
    assert first + b"".join(chunks) == image.blobs[image.layers[0]]


def test_a_range_of_a_blob_is_served_once_it_is_complete(reader, line, registry, image_factory):
    image = image_factory(registry, layers=1, layer_size=50_000)
    name = through(line.host, image.repository)
    reader("GET", f"/v2/{name}/manifests/1.0")
    content = image.blobs[image.layers[0]]
    answer = reader("GET", f"/v2/{name}/blobs/{image.layers[0]}", Range="bytes=100-199")
    assert (answer.status_code, content_of(answer)) == (206, content[100:200])


@pytest.mark.parametrize("at", [0, 20_000])
def test_a_wrong_blob_is_never_completed(
    reader, team, registry, image_factory, at, images_directory
):
    """Its last byte is not sent, and none of it is kept."""
    image = image_factory(registry, layers=1, layer_size=50_000)
    digest, content = image.layers[0], image.blobs[image.layers[0]]
    wrong = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    with scripted_server() as server:
        server.on("GET", r"/v2/", Reply(200))
        server.on("GET", r"/v2/app/blobs/.+", Reply(200, wrong))
        headers = {"Content-Type": image.built.media_type, "Docker-Content-Digest": image.digest}

        for method in ("GET", "HEAD"):
            server.on(method, r"/v2/app/manifests/.+", Reply(200, image.built.content, headers))

        know(team, server.host)
        name = through(server.host, "app")
        assert reader("GET", f"/v2/{name}/manifests/1.0").status_code == 200

        try:
            answer = reader("GET", f"/v2/{name}/blobs/{digest}")
            received = content_of(answer) if answer.status_code == 200 else b""
        except Exception as exc:
            received = str(exc).encode()

    assert len(received) < len(content)
    assert reader("HEAD", f"/v2/{name}/blobs/{digest}").status_code != 200

    check_every_blob_hashes_to_its_name(images_directory)


# --- limits


def test_only_blobs_of_pulled_manifests_are_fetched(reader, line, registry, image_factory):
    image = image_factory(registry, layer_size=500)
    name = through(line.host, image.repository)
    assert codes(reader("GET", f"/v2/{name}/blobs/{image.layers[0]}")) == ["BLOB_UNKNOWN"]
    assert line.count("GET", "/blobs/") == 0


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
def test_nothing_is_pushed_or_deleted_through_it(admin, line, method):
    name = through(line.host, "app")
    paths = {
        "PUT": "manifests/1.0",
        "POST": "blobs/uploads/",
        "PATCH": "blobs/uploads/x",
        "DELETE": "manifests/1.0",
    }
    answer = admin(method, f"/v2/{name}/{paths[method]}", b"x")
    assert answer.status_code in (404, 405)
    assert codes(answer)[0] in ("UNSUPPORTED", "BLOB_UPLOAD_UNKNOWN")


def test_another_team_gets_nothing_from_the_cache(
    reader, outsider, line, registry, image_factory, other_team
):
    image = image_factory(registry, layer_size=500)
    name = through(line.host, image.repository)
    pulled(reader, name, image)

    for path in (
        f"manifests/{image.digest}",
        "manifests/1.0",
        f"blobs/{image.layers[0]}",
        "tags/list",
    ):
        assert codes(outsider("GET", f"/v2/{name}/{path}")) == ["NAME_UNKNOWN"]
        theirs = through(line.host, image.repository, "lighthouse")
        assert outsider("GET", f"/v2/{theirs}/{path}").status_code == 404

    # A team that knows the registry too has to fetch the image itself.
    know(other_team, line.host)
    before = line.count("GET", "/blobs/")
    pulled(outsider, through(line.host, image.repository, "lighthouse"), image)
    assert line.count("GET", "/blobs/") == before + len(image.blobs)


def test_cached_images_survive_collections_until_they_are_unused(
    reader, line, registry, image_factory, settings
):
    settings.PROXY_FRESH_SECONDS = 600
    image = image_factory(registry, layer_size=500)
    name = through(line.host, image.repository)
    pulled(reader, name, image)
    before = len(line.requests)
    collect(grace_seconds=0)
    pulled(reader, name, image)
    assert len(line.requests) == before

    CachedTag.objects.update(used_at=timezone.now() - timedelta(days=settings.PROXY_KEEP_DAYS + 1))
    maintain_builtin_registry()
    assert collect(grace_seconds=0).count == len(image.blobs) + 1


# --- running processes


def test_two_processes_share_a_fetch_and_a_killed_one_is_replaced(
    manage, settings, tmp_path, team, victor, line, registry, image_factory, images_directory
):
    server = WebServer(tmp_path)
    settings.URL = server.url
    ensure_builtin_registries()
    server.start(processes=2)
    image = image_factory(registry, layers=1, layer_size=3_000_000)
    name, auth = through(line.host, image.repository), ("x", secret_of(victor, Scope.READ))

    try:
        assert (
            requests.get(f"{server.url}/v2/{name}/manifests/1.0", auth=auth, timeout=30).content
            == image.built.content
        )

        line.bytes_per_second = 3_000_000

        def pull(_number):
            return requests.get(
                f"{server.url}/v2/{name}/blobs/{image.layers[0]}", auth=auth, timeout=60
            ).content

        with ThreadPoolExecutor(6) as clients:
            assert set(clients.map(pull, range(6))) == {image.blobs[image.layers[0]]}
        assert line.count("GET", f"/blobs/{image.layers[0]}") == 1

        other = image_factory(registry, layers=1, layer_size=4_000_000)
        name = through(line.host, other.repository)
        requests.get(f"{server.url}/v2/{name}/manifests/1.0", auth=auth, timeout=30)
        line.bytes_per_second = 1_000_000
        cut = threading.Thread(
            target=_try, args=(f"{server.url}/v2/{name}/blobs/{other.layers[0]}", auth), daemon=True
        )
        cut.start()
        time.sleep(1.5)
        server.kill()
        line.bytes_per_second = None
        server.start()
        answer = requests.get(
            f"{server.url}/v2/{name}/blobs/{other.layers[0]}", auth=auth, timeout=60
        )
        assert answer.content == other.blobs[other.layers[0]]
    finally:
        server.stop()

    check_every_blob_hashes_to_its_name(images_directory)


def _try(address, auth):
    try:
        requests.get(address, auth=auth, timeout=30)
    except requests.RequestException:
        pass
