"""Other people's clients against the running web process."""

import json
import os
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from django.utils import timezone

from registry_ui.accounts.models import ApiToken, Membership, Scope
from registry_ui.images.garbage_collection import collect
from registry_ui.images.models import LocalImage
from registry_ui.serving.maintenance import ensure_builtin_registries
from tests.parts import requirements
from tests.parts.images import digest_of
from tests.parts.processes import wait_until
from tests.parts.web_server import WebServer
from tests.transfers.conftest import check_every_blob_hashes_to_its_name

from .client import secret_of


@pytest.fixture
def server(manage, settings, tmp_path, team):
    server = WebServer(tmp_path)
    settings.URL = server.url
    ensure_builtin_registries()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def login(server, alice):
    """The built-in registry, in the form that the client helpers take."""
    return SimpleNamespace(
        host=server.host,
        port=server.port,
        scheme="http",
        username="alice",
        password=secret_of(alice),
        url=server.url,
    )


@pytest.fixture
def session(login):
    session = requests.Session()
    session.trust_env = False
    session.auth = (login.username, login.password)
    return session


def push(session, url, name, tag, built):
    for digest, content in built.blobs.items():
        location = session.post(f"{url}/v2/{name}/blobs/uploads/", timeout=60).headers["Location"]
        assert (
            session.put(f"{url}{location}?digest={digest}", data=content, timeout=60).status_code
            == 201
        )

    for child in built.children:
        put = session.put(
            f"{url}/v2/{name}/manifests/{child.digest}",
            data=child.content,
            headers={"Content-Type": child.media_type},
            timeout=60,
        )
        assert put.status_code == 201, put.text

    put = session.put(
        f"{url}/v2/{name}/manifests/{tag}",
        data=built.content,
        headers={"Content-Type": built.media_type},
        timeout=60,
    )
    assert put.status_code == 201, put.text


def in_chunks(content, size=100_000):
    for start in range(0, len(content), size):
        yield content[start : start + size]


def test_skopeo_pushes_and_pulls_an_index(server, login, skopeo, registry, tmp_path, image_factory):
    pushed = image_factory(registry, platforms=["linux/amd64", "linux/arm64"], layer_size=300_000)
    skopeo(
        "copy",
        "--all",
        *skopeo.access(registry, "src-"),
        *skopeo.access(login, "dest-"),
        f"docker://{pushed.reference}",
        f"docker://{server.host}/harbour/app:1.0",
    )
    image = LocalImage.objects.get()
    assert (str(image.reference), image.digest, len(image.platforms)) == (
        f"{server.host}/harbour/app:1.0",
        pushed.digest,
        2,
    )

    skopeo.pull_to_folder(login, "harbour/app", "1.0", tmp_path / "layout", every_platform=True)
    assert skopeo.manifest(login, "harbour/app", "1.0") == pushed.built.content

    listed = json.loads(
        skopeo("list-tags", *skopeo.access(login), f"docker://{server.host}/harbour/app").stdout
    )
    assert listed["Tags"] == ["1.0"]

    skopeo("delete", *skopeo.access(login), f"docker://{server.host}/harbour/app:1.0")
    assert not LocalImage.objects.exists()
    assert login.password not in server.log


@pytest.mark.engine
def test_docker_logs_in_builds_pushes_and_pulls(server, login, docker_engine, tmp_path, alice):
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY content /content\n")
    (tmp_path / "content").write_bytes(os.urandom(3 << 20))
    name = f"{server.host}/harbour/built:1.0"
    docker_engine.docker("build", "-t", name, tmp_path)
    refused = docker_engine.docker("push", name, check=False)
    assert refused.returncode != 0

    wrong = docker_engine.docker(
        "login", "-u", "alice", "--password-stdin", server.host, text="rui_wrong", check=False
    )
    assert "unauthorized" in wrong.stderr.lower() or "401" in wrong.stderr

    docker_engine.login(login)
    docker_engine.docker("push", name)
    made = docker_engine.image_id(name)
    image = LocalImage.objects.get()
    assert (image.repository, image.tag, image.image_id) == ("harbour/built", "1.0", made)

    docker_engine.docker("rmi", name)
    docker_engine.docker("pull", name)

    assert docker_engine.image_id(name) == made

    again = docker_engine.docker("push", name)
    assert "Layer already exists" in again.stdout

    docker_engine.docker("rmi", name)
    docker_engine.docker("logout", server.host)


@pytest.fixture
def short_path():
    """A short folder: podman takes at most 50 characters for its run root."""
    with tempfile.TemporaryDirectory(prefix="podman-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_podman_pushes_and_pulls(server, login, short_path, tmp_path, image_factory, registry):
    requirements.require_program("podman", "podman")
    podman = [
        "podman",
        "--root",
        short_path / "root",
        "--runroot",
        short_path / "run",
        "--storage-driver",
        "vfs",
    ]
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
    }

    def run(*arguments, text=None):
        command = [str(word) for word in (*podman, *arguments)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            input=text,
            timeout=240,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr

        return done.stdout.strip()

    source = image_factory(registry, layer_size=200_000)
    run(
        "login",
        "--tls-verify=false",
        "-u",
        "alice",
        "--password-stdin",
        server.host,
        text=login.password,
    )
    run("pull", "--tls-verify=false", source.reference)
    run("tag", source.reference, f"{server.host}/harbour/by-podman:1")
    run("push", "--tls-verify=false", f"{server.host}/harbour/by-podman:1")
    made = run("image", "inspect", "--format", "{{.Id}}", source.reference)
    run("rmi", "--all", "--force")
    run("pull", "--tls-verify=false", f"{server.host}/harbour/by-podman:1")
    assert (
        run("image", "inspect", "--format", "{{.Id}}", f"{server.host}/harbour/by-podman:1") == made
    )

    run("rmi", "--all", "--force")


def test_a_chunked_body_arrives_whole(server, login, session):
    content = os.urandom(5_000_000)
    location = session.post(f"{server.url}/v2/harbour/app/blobs/uploads/", timeout=60).headers[
        "Location"
    ]
    patched = session.patch(f"{server.url}{location}", data=in_chunks(content), timeout=60)
    assert (patched.status_code, patched.headers["Range"]) == (202, f"0-{len(content) - 1}")
    assert (
        session.put(f"{server.url}{location}?digest={digest_of(content)}", timeout=60).status_code
        == 201
    )

    answer = session.get(f"{server.url}/v2/harbour/app/blobs/{digest_of(content)}", timeout=60)
    assert answer.content == content

    part = session.get(
        f"{server.url}/v2/harbour/app/blobs/{digest_of(content)}",
        headers={"Range": "bytes=1000000-1999999"},
        timeout=60,
    )
    assert (part.status_code, part.content) == (206, content[1_000_000:2_000_000])
    # The connection is still usable, so no extra byte of the range was sent.
    assert (
        session.head(f"{server.url}/v2/harbour/app/blobs/{digest_of(content)}", timeout=60).headers[
            "Content-Length"
        ]
        == "5000000"
    )
    assert session.get(f"{server.url}/v2/", timeout=60).status_code == 200


def test_an_upload_continues_after_the_web_process_was_killed(
    server, login, session, images_directory
):
    content = os.urandom(8_000_000)
    location = session.post(f"{server.url}/v2/harbour/app/blobs/uploads/", timeout=60).headers[
        "Location"
    ]
    half_sent = threading.Event()

    def slow_body():
        yield content[:4_000_000]
        half_sent.set()
        threading.Event().wait(20)

    def send():
        try:
            session.patch(f"{server.url}{location}", data=slow_body(), timeout=60)
        except requests.RequestException:
            pass

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    assert half_sent.wait(20)

    partial = next((images_directory / "partial" / "uploads").iterdir())
    wait_until(lambda: partial.stat().st_size >= 2_000_000)
    server.kill()
    server.start()
    new_session = requests.Session()
    new_session.trust_env, new_session.auth = False, session.auth

    state = new_session.get(f"{server.url}{location}", timeout=60)
    assert state.status_code == 204

    offset = int(state.headers["Range"].removeprefix("0-")) + 1
    assert 2_000_000 <= offset <= 4_000_000

    rest = content[offset:]
    wrong = new_session.patch(
        f"{server.url}{location}",
        data=content,
        headers={"Content-Range": f"0-{len(content) - 1}"},
        timeout=60,
    )
    assert (wrong.status_code, wrong.headers["Range"]) == (416, f"0-{offset - 1}")

    patched = new_session.patch(
        f"{server.url}{location}",
        data=rest,
        headers={"Content-Range": f"{offset}-{len(content) - 1}"},
        timeout=60,
    )
    assert patched.status_code == 202
    assert (
        new_session.put(
            f"{server.url}{location}?digest={digest_of(content)}", timeout=60
        ).status_code
        == 201
    )
    assert (
        new_session.get(
            f"{server.url}/v2/harbour/app/blobs/{digest_of(content)}", timeout=60
        ).content
        == content
    )

    check_every_blob_hashes_to_its_name(images_directory)


def test_twenty_simultaneous_clients_during_a_collection(
    server, login, image_factory, images_directory, settings
):
    server.stop()
    server.start(processes=2)
    settings.COLLECT_GRACE_SECONDS = 3600
    built = [
        image_factory.build_image(layer_size=200_000, shared_layers=["shared"])
        for _number in range(20)
    ]
    ended = threading.Event()

    def sweep():
        from django.db import connection

        while not ended.wait(0.05):
            collect()
        connection.close()

    def work(number):
        session = requests.Session()
        session.trust_env, session.auth = False, (login.username, login.password)
        name = f"harbour/app-{number % 5}"
        push(session, server.url, name, f"t{number}", built[number])
        for digest, content in built[number].blobs.items():
            answer = session.get(f"{server.url}/v2/{name}/blobs/{digest}", timeout=60)
            assert answer.content == content, answer.text[:300]
        return session.get(f"{server.url}/v2/{name}/manifests/t{number}", timeout=60).content

    sweeper = threading.Thread(target=sweep)
    sweeper.start()

    try:
        with ThreadPoolExecutor(20) as clients:
            answers = list(clients.map(work, range(20)))
    finally:
        ended.set()
        sweeper.join()

    assert answers == [manifest.content for manifest in built]
    assert LocalImage.objects.count() == 20

    check_every_blob_hashes_to_its_name(images_directory)
    assert "Traceback" not in server.log


def test_fifty_parallel_pushes_of_an_immutable_tag_have_one_winner(
    server, login, team, image_factory, alice
):
    from registry_ui.images.models import ImmutableTagRule

    ImmutableTagRule.objects.create(team=team, tag_pattern="v*")
    built = [image_factory.build_image(layers=1, layer_size=200) for _number in range(50)]
    session = requests.Session()
    session.trust_env, session.auth = False, (login.username, login.password)

    for manifest in built:
        push(session, server.url, "harbour/app", manifest.digest, manifest)

    def put_manifest(manifest):
        return requests.put(
            f"{server.url}/v2/harbour/app/manifests/v1",
            data=manifest.content,
            headers={"Content-Type": manifest.media_type},
            auth=(login.username, login.password),
            timeout=120,
        ).status_code

    with ThreadPoolExecutor(25) as clients:
        statuses = list(clients.map(put_manifest, built))

    assert sorted(statuses) == [201, *[403] * 49]

    winner = built[statuses.index(201)]
    assert (
        session.get(f"{server.url}/v2/harbour/app/manifests/v1", timeout=60).content
        == winner.content
    )
    assert put_manifest(winner) == 201


def test_images_pushed_by_a_robot_account_belong_to_the_team(server, alice, team, image_factory):
    robot = secret_of(alice, Scope.TRANSFER, team, is_robot=True)
    session = requests.Session()
    session.trust_env, session.auth = False, ("anything", robot)
    push(session, server.url, "harbour/app", "1", image_factory.build_image(layer_size=500))
    image = LocalImage.objects.get()
    assert (image.team, image.created_by) == (team, None)


def test_a_revocation_applies_to_the_next_request_in_every_web_process(
    server, login, session, image_factory, bob, victor
):
    server.stop()
    server.start(processes=2)
    push(session, login.url, "harbour/app", "1.0", image_factory.build_image(layer_size=3000))
    address = f"{login.url}/v2/harbour/app/manifests/1.0"
    secrets = {
        "alice": login.password,
        "bob": secret_of(bob, Scope.TRANSFER),
        "victor": secret_of(victor, Scope.READ),
    }
    clients = [(name, requests.Session()) for name in secrets for _number in range(6)]

    def statuses() -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for name, client in clients:
            found.setdefault(name, set()).add(
                client.get(address, auth=(name, secrets[name]), timeout=60).status_code
            )
        return found

    for _round in range(3):
        assert statuses() == {"alice": {200}, "bob": {200}, "victor": {200}}

    ApiToken.objects.filter(user__username="alice").update(revoked_at=timezone.now())
    Membership.objects.filter(user=bob).delete()
    victor.is_active = False
    victor.save(update_fields=["is_active"])
    assert statuses() == {"alice": {401}, "bob": {404}, "victor": {401}}

    for _name, client in clients:
        client.close()
