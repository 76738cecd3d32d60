"""Deletion of manifests and of single tags.

Against real registries with deletion on and off, and scripted ones that fail half-way.
"""

import json

import pytest

from registry_ui.oci.basic_credential import BasicCredential
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import (
    Cancelled,
    ConnectionFailed,
    Denied,
    InvalidReference,
    ManifestUnknown,
    ResponseError,
    ServerFailed,
    Unsupported,
)
from registry_ui.oci.manifest import DOCKER_MANIFEST, OCI_CONFIG, OCI_MANIFEST
from registry_ui.oci.store import Cancellation
from tests.parts import registries
from tests.parts.scripted_server import Reply

NOBODY = Digest.of(b"nobody has this")


@pytest.fixture(scope="module")
def locked_registry(parts_folder):
    """Yield a registry on which deletion is switched off, as it is by default."""
    running = registries._registry(parts_folder / "locked-registry")
    running.configuration["storage"]["delete"]["enabled"] = False
    with registries._running(running):
        yield running


@pytest.fixture
def tagged(registry, image_factory):
    """Push an image under two tags, and another image beside it."""
    pushed = image_factory(registry, tag="1.0")
    image_factory.push(registry, pushed.built, pushed.repository, "latest")
    image_factory(registry, pushed.repository, "2.0")
    return pushed


def store_of(client_of, running, repository, username="", password=""):
    return client_of(running.host, BasicCredential(username, password) if username else None).store(
        repository
    )


# --- a real registry


def test_a_manifest_is_deleted_with_all_its_tags(registry, tagged, client_of):
    store = store_of(client_of, registry, tagged.repository)
    store.delete_manifest(Digest.parse(tagged.digest))
    assert registry.tags(tagged.repository) == ["2.0"]
    with pytest.raises(ManifestUnknown):
        store.delete_manifest(Digest.parse(tagged.digest))


def test_old_distribution_refuses_to_delete_by_tag(registry, tagged, client_of):
    with pytest.raises(Unsupported, match=r"^tag_deletion_unsupported "):
        store_of(client_of, registry, tagged.repository).delete_manifest("1.0")
    assert registry.tags(tagged.repository) == ["1.0", "2.0", "latest"]


@pytest.mark.parametrize("media", ["oci", "docker"])
def test_one_tag_is_deleted_and_its_siblings_stay(registry, image_factory, client_of, media):
    pushed = image_factory(registry, tag="1.0", media=media)
    image_factory.push(registry, pushed.built, pushed.repository, "latest")
    assert store_of(client_of, registry, pushed.repository).delete_tag("1.0") == "placeholder"
    assert registry.tags(pushed.repository) == ["latest"]
    assert registry.digest_of(pushed.repository, "latest") == pushed.digest
    assert registry.digest_of(pushed.repository, pushed.digest) == pushed.digest
    assert registry.digest_of(pushed.repository, "1.0") is None


def test_one_tag_of_an_index_is_deleted(registry, image_factory, client_of):
    pushed = image_factory(registry, tag="1.0", platforms=["linux/amd64", "linux/arm64"])
    image_factory.push(registry, pushed.built, pushed.repository, "latest")
    store_of(client_of, registry, pushed.repository).delete_tag("latest")
    assert registry.tags(pushed.repository) == ["1.0"]
    for child in pushed.children:
        assert registry.digest_of(pushed.repository, child.digest) == child.digest


def test_a_missing_tag_is_reported(registry, tagged, client_of):
    store = store_of(client_of, registry, tagged.repository)
    with pytest.raises(ManifestUnknown, match=r"^tag_gone host=\S+ repository=\S+ tag=9\.9$"):
        store.delete_tag("9.9")
    with pytest.raises(InvalidReference):
        store.delete_tag(tagged.digest)


def test_where_deletion_is_off_nothing_changes(locked_registry, image_factory, client_of):
    pushed = image_factory(locked_registry, tag="1.0")
    image_factory.push(locked_registry, pushed.built, pushed.repository, "latest")
    store = store_of(client_of, locked_registry, pushed.repository)
    for call in (lambda: store.delete_manifest(Digest.parse(pushed.digest)), store.check_deletion):
        with pytest.raises(Unsupported, match=r"^manifest_deletion_unsupported "):
            call()
    with pytest.raises(Unsupported, match=r"^tag_not_deletable "):
        store.delete_tag("1.0")
    assert locked_registry.tags(pushed.repository) == ["1.0", "latest"]
    assert {locked_registry.digest_of(pushed.repository, tag) for tag in ("1.0", "latest")} == {
        pushed.digest
    }


def test_enabled_deletion_is_detected_without_change(registry, tagged, client_of):
    store_of(client_of, registry, tagged.repository).check_deletion()
    assert registry.tags(tagged.repository) == ["1.0", "2.0", "latest"]


def test_the_token_allows_deletion(token_registry, image_factory, client_of):
    pushed = image_factory(token_registry, tag="1.0")
    image_factory.push(token_registry, pushed.built, pushed.repository, "latest")
    store = store_of(
        client_of,
        token_registry,
        pushed.repository,
        token_registry.username,
        token_registry.password,
    )
    assert store.delete_tag("1.0") == "placeholder"
    assert token_registry.tags(pushed.repository) == ["latest"]


def test_a_reader_is_denied_and_nothing_changes(token_registry, image_factory, client_of):
    pushed = image_factory(token_registry, tag="1.0")
    store = store_of(
        client_of,
        token_registry,
        pushed.repository,
        token_registry.reader_username,
        token_registry.reader_password,
    )
    for call in (
        lambda: store.delete_tag("1.0"),
        lambda: store.delete_manifest(Digest.parse(pushed.digest)),
        store.check_deletion,
    ):
        with pytest.raises(Denied, match=r"^denied_deletion "):
            call()
    assert token_registry.digest_of(pushed.repository, "1.0") == pushed.digest


# --- scripted: a registry of one repository, with faults


class Repository:
    """A registry's tags and manifests; `refuse` answers some requests otherwise."""

    def __init__(self, server, *, by_tag=False, enabled=True):
        self.server = server
        self.by_tag, self.enabled = by_tag, enabled
        config = json.dumps({"mediaType": OCI_CONFIG, "digest": str(Digest.of(b"{}")), "size": 2})
        self.raw = (
            f'{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[]}}'
        ).encode()
        self.digest = str(Digest.of(self.raw))
        self.manifests = {self.digest: self.raw}
        self.tags = {"1.0": self.digest, "latest": self.digest}
        manifests = "/v2/team/app/manifests/(.*)"
        server.on("HEAD", manifests, self.get)
        server.on("GET", manifests, self.get)
        server.on("PUT", manifests, self.put)
        server.on("DELETE", manifests, self.delete)
        server.on(
            "POST",
            "/v2/team/app/blobs/uploads/",
            Reply(202, headers={"Location": "/v2/team/app/blobs/uploads/1"}),
        )
        server.on("PUT", "/v2/team/app/blobs/uploads/1", Reply(201))

    def get(self, call):
        digest = self.tags.get(call.match[1], call.match[1])
        if digest not in self.manifests:
            return Reply(404)
        return Reply(
            200,
            self.manifests[digest],
            {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": digest},
        )

    def put(self, call):
        digest = str(Digest.of(call.body))
        self.manifests[digest] = call.body
        self.tags[call.match[1]] = digest
        return Reply(201, headers={"Docker-Content-Digest": digest})

    def delete(self, call):
        name = call.match[1]
        if ":" not in name:
            if not self.by_tag:
                return Reply(405, b'{"errors":[{"code":"UNSUPPORTED"}]}')
            return Reply(202) if self.tags.pop(name, None) else Reply(404)
        if not self.enabled:
            return Reply(405)
        if self.manifests.pop(name, None) is None:
            return Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        self.tags = {tag: digest for tag, digest in self.tags.items() if digest != name}
        return Reply(202)


def placeholders(scripted):
    return scripted.made("PUT", "/v2/team/app/manifests/.*")


def test_a_registry_that_deletes_by_tag_is_asked_for_that_alone(scripted, store):
    repository = Repository(scripted, by_tag=True)
    assert store.delete_tag("1.0") == "tag"
    assert repository.tags == {"latest": repository.digest}
    assert [call.path for call in scripted.made("DELETE")] == ["/v2/team/app/manifests/1.0"]
    assert placeholders(scripted) == []


@pytest.mark.parametrize("status", [200, 202, 204])
def test_every_good_answer_to_a_deletion(scripted, store, status):
    Repository(scripted)
    scripted.on("DELETE", ".*", Reply(status))
    assert store.delete_tag("1.0") == "tag"
    store.delete_manifest(NOBODY)


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_every_answer_that_means_another_way_is_needed(scripted, store, status):
    repository = Repository(scripted)
    scripted.on("DELETE", "/v2/team/app/manifests/1.0", Reply(status))
    assert store.delete_tag("1.0") == "placeholder"
    assert repository.tags == {"latest": repository.digest}


def test_the_registrys_own_api_comes_before_the_placeholder(scripted, store):
    repository = Repository(scripted)
    scripted.on("DELETE", "/v2/team/app/manifests/1.0", Reply(405))
    asked = []

    def delete_by_api(*target):
        asked.append(target)
        return True

    store.client.tag_deletion = delete_by_api
    assert store.delete_tag("1.0") == "tag"
    ((name, tag, digest),) = asked
    assert (name, tag, str(digest)) == ("team/app", "1.0", repository.digest)
    assert placeholders(scripted) == []


def test_a_refusal_of_the_registrys_own_api_leaves_the_placeholder(scripted, store):
    repository = Repository(scripted)
    scripted.on("DELETE", "/v2/team/app/manifests/1.0", Reply(405))
    store.client.tag_deletion = lambda *_target: False
    assert store.delete_tag("1.0") == "placeholder"
    assert repository.tags == {"latest": repository.digest}


def test_a_registry_that_deletes_by_the_spec_is_asked_for_nothing_else(scripted, store):
    Repository(scripted)
    scripted.on("DELETE", ".*", Reply(202))
    store.client.tag_deletion = lambda *_target: pytest.fail("the API was used")
    assert store.delete_tag("1.0") == "tag"


@pytest.mark.parametrize("status", [400, 405, 501])
def test_a_refused_deletion_by_digest_is_unsupported(scripted, store, status):
    scripted.on("DELETE", ".*", Reply(status))
    with pytest.raises(Unsupported, match=r"^manifest_deletion_unsupported "):
        store.delete_manifest(NOBODY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_deletion_is_not_taken_for_done(scripted, scripted_servers, store, status):
    other = scripted_servers()
    scripted.on("DELETE", ".*", Reply(status, headers={"Location": f"{other.url}/page"}))
    other.on("GET", "/page", Reply(200, b"<html>"))
    with pytest.raises(ResponseError, match=f"http_status={status}"):
        store.delete_manifest(NOBODY)
    assert other.calls == []


def test_an_immutable_tag_stays(scripted, store):
    repository = Repository(scripted)
    scripted.on(
        "DELETE",
        ".*/(1.0)",
        Reply(412, b'{"errors":[{"code":"PRECONDITION","message":"configured as immutable"}]}'),
    )
    with pytest.raises(Denied, match=r"^deletion_immutable "):
        store.delete_tag("1.0")
    assert repository.tags["1.0"] == repository.digest


def test_a_lost_answer_to_a_deletion_by_tag_counts_as_done(scripted, store):
    repository = Repository(scripted, by_tag=True)

    def delete_and_fail(call):
        repository.delete(call)
        return Reply(reset=True)

    scripted.on("DELETE", ".*/(1.0)", delete_and_fail, repository.delete)
    assert store.delete_tag("1.0") == "tag"


def test_the_placeholder_is_unique_empty_and_of_its_family(scripted, store):
    Repository(scripted)
    store.delete_tag("1.0")
    store.delete_tag("latest")
    first, second = (json.loads(call.body) for call in placeholders(scripted))
    assert first["mediaType"] == OCI_MANIFEST
    assert first["layers"] == []
    assert first["config"]["digest"] != second["config"]["digest"]
    assert (
        "while the tag 1.0 is being deleted"
        in first["annotations"]["org.opencontainers.image.description"]
    )


def test_a_refused_placeholder_changes_nothing(scripted, store):
    repository = Repository(scripted)
    scripted.on(
        "PUT", "/v2/team/app/manifests/.*", Reply(400, b'{"errors":[{"code":"MANIFEST_INVALID"}]}')
    )
    with pytest.raises(ResponseError):
        store.delete_tag("1.0")
    assert repository.tags == {"1.0": repository.digest, "latest": repository.digest}


@pytest.mark.parametrize("answer", [Reply(403), Reply(405), Reply(500), Reply(reset=True)])
def test_when_the_placeholder_cannot_be_deleted_the_tag_is_put_back(scripted, store, answer):
    repository = Repository(scripted)
    nobody = Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
    scripted.on("DELETE", ".*/(sha256:.*)", nobody, answer)
    with pytest.raises((ResponseError, ConnectionFailed)):
        store.delete_tag("1.0")
    assert repository.tags == {"1.0": repository.digest, "latest": repository.digest}
    assert repository.manifests[repository.digest] == repository.raw


def test_a_lost_answer_to_the_placeholder_is_recovered(scripted, store):
    repository = Repository(scripted)

    def put_and_fail(call):
        repository.put(call)
        return Reply(500)

    scripted.on("PUT", "/v2/team/app/manifests/(1.0)", *[put_and_fail] * 5, repository.put)
    with pytest.raises(ServerFailed):
        store.delete_tag("1.0")
    assert repository.tags["1.0"] == repository.digest


def test_a_lost_answer_to_the_last_deletion_counts_as_done(scripted, store):
    repository = Repository(scripted)
    nobody = Reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')

    def delete_and_fail(call):
        repository.delete(call)
        return Reply(reset=True)

    scripted.on("DELETE", ".*/(sha256:.*)", nobody, delete_and_fail, repository.delete)
    assert store.delete_tag("1.0") == "placeholder"
    assert repository.tags == {"latest": repository.digest}


def test_a_tag_that_cannot_be_put_back_is_named_with_its_digest(scripted, store):
    repository = Repository(scripted)
    scripted.on("DELETE", ".*/(sha256:.*)", Reply(404), Reply(403))
    scripted.on("PUT", "/v2/team/app/manifests/(1.0)", repository.put, Reply(403))
    with pytest.raises(ResponseError, match=r"^tag_deletion_half_done ") as caught:
        store.delete_tag("1.0")
    assert caught.value.parameters["original"] == repository.digest


def test_a_tag_pushed_meanwhile_is_left_as_it_was_pushed(scripted, store):
    repository = Repository(scripted)

    def push_meanwhile(call):
        repository.tags["1.0"] = "sha256:" + "e" * 64
        repository.manifests["sha256:" + "e" * 64] = repository.raw
        return Reply(403)

    scripted.on("DELETE", ".*/(sha256:.*)", Reply(404), push_meanwhile)
    with pytest.raises(Denied):
        store.delete_tag("1.0")
    assert repository.tags["1.0"] == "sha256:" + "e" * 64


def test_a_cancellation_half_way_puts_the_tag_back(scripted, client_of):
    cancellation = Cancellation()
    repository = Repository(scripted)

    def put_and_cancel(call):
        cancellation.request()
        return repository.put(call)

    scripted.on("PUT", "/v2/team/app/manifests/(1.0)", put_and_cancel, repository.put)
    with pytest.raises(Cancelled):
        client_of(scripted, cancellation=cancellation).store("team/app").delete_tag("1.0")
    assert repository.tags == {"1.0": repository.digest, "latest": repository.digest}


def test_docker_images_get_a_placeholder_of_dockers_kind(registry, image_factory, client_of):
    pushed = image_factory(registry, tag="1.0", media="docker")
    client = client_of(registry.host)
    media_types = []
    put = type(client.store(pushed.repository)).put_manifest
    store = client.store(pushed.repository)
    store.put_manifest = lambda manifest, tag: (
        media_types.append(manifest.media_type),
        put(store, manifest, tag),
    )
    store.delete_tag("1.0")
    assert media_types == [DOCKER_MANIFEST]


def test_an_interruption_of_any_kind_puts_the_tag_back(scripted, store, monkeypatch):
    repository = Repository(scripted)
    put = store.put_manifest

    def put_and_stop(manifest, reference):
        put(manifest, reference)
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "put_manifest", put_and_stop)
    with pytest.raises(KeyboardInterrupt):
        store.delete_tag("1.0")
    assert repository.tags == {"1.0": repository.digest, "latest": repository.digest}
