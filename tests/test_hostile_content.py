"""Hostile manifests, configs, headers and error bodies are refused or escaped.

No page fails because of them, and no row or process grows without limit.
"""

import json
import time

import pytest
from django.urls import reverse

from registry_ui.images.models import LocalImage, TeamBlob
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Registry, Security
from registry_ui.web.errors import describe
from tests.parts.images import OCI_INDEX, OCI_MANIFEST, build_image, digest_of
from tests.parts.scripted_server import Reply, scripted_server
from tests.transfers.scripts import REPOSITORY, ScriptedRegistry, manifest_path
from transfers import services
from transfers.models import State, Transfer

pytestmark = pytest.mark.django_db(transaction=True)

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
LONE_SURROGATE = "\ud83d"
# Escape sequences, a line end, right-to-left text, a lone surrogate and markup.
HOSTILE = f"\x1b[31m\x00\r\n\u202egnirts\u2066{LONE_SURROGATE}<script>alert(1)</script>\"'"


@pytest.fixture
def hostile(team):
    """A registry of the team that answers with hostile content."""
    with scripted_server() as server:
        registry = ScriptedRegistry(server)
        Registry.objects.create(
            team=team, name=registry.host, host=registry.host, security=Security.PLAIN_HTTP
        )
        yield registry


@pytest.fixture
def pull(team, alice):
    def run(reference, **options):
        options = {"team": team, "user": alice, **options}
        return services.run_in_process(
            services.start_pull(reference=Reference.parse(reference), enqueue=False, **options)
        )

    return run


@pytest.fixture
def page_text(client_for, alice):
    """Return a function for the text of a page as Alice sees it."""
    client = client_for(alice)

    def get(name, *arguments, query=""):
        response = client.get(reverse(name, args=arguments) + query)
        assert response.status_code == 200
        return response.content.decode()

    return get


def descriptor(content, media_type=LAYER_TYPE, **more):
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content), **more}


def manifest(config, layers=(), **more):
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config,
            "layers": list(layers),
            **more,
        }
    ).encode()


def index(children, **more):
    return json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children), **more}
    ).encode()


def serve_image(
    hostile, *, config=b"{}", layers=(b"layer",), tag="1.0", config_fields=None, **more
):
    """Serve an image with its blobs; `config_fields` are added to the config's descriptor."""
    for content in (config, *layers):
        hostile.serve_blob(digest_of(content), content)
    content = manifest(
        descriptor(config, CONFIG_TYPE, **(config_fields or {})), map(descriptor, layers), **more
    )
    hostile.serve_manifest(content, OCI_MANIFEST, tag)
    hostile.serve_manifest(content, OCI_MANIFEST, digest_of(content))
    return content


def check_refused(transfer, text=""):
    assert (transfer.state, transfer.error["kind"]) == (State.FAILED, "InvalidManifest"), (
        transfer.error
    )
    assert text in describe(transfer.error).sentence


# --- other teams


@pytest.mark.parametrize(
    "claim",
    [
        {"urls": ["https://example.com/config"]},
        {"mediaType": CONFIG_TYPE, "urls": ["x"], "size": 1},
    ],
)
def test_a_config_with_urls_does_not_give_access_to_another_team(
    other_team, charlie, hostile, team, pull, page_text, claim
):
    secret = json.dumps(
        {"os": "linux", "architecture": "amd64", "config": {"Env": ["PASSWORD=of-the-lighthouse"]}}
    ).encode()
    serve_image(hostile, config=secret)
    Registry.objects.create(
        team=other_team, name="theirs", host=hostile.host, security=Security.PLAIN_HTTP
    )
    assert pull(hostile.reference, team=other_team, user=charlie).state == State.SUCCEEDED
    hostile.server.on("GET", f"/v2/{REPOSITORY}/blobs/{digest_of(secret)}", Reply(404))
    hostile.serve_manifest(manifest(descriptor(secret, CONFIG_TYPE) | claim), OCI_MANIFEST)

    transfer = pull(hostile.reference)

    assert transfer.state == State.FAILED
    assert not LocalImage.objects.filter(team=team).exists()
    assert not TeamBlob.objects.filter(team=team, digest=digest_of(secret)).exists()
    assert "of-the-lighthouse" not in page_text("transfers:detail", transfer.pk)


# --- numbers


@pytest.mark.parametrize("size", [2**63, 2**62, 10**400, 10**4000])
@pytest.mark.parametrize("where", ["config", "layer", "foreign layer", "child"])
def test_an_impossible_size_is_refused(hostile, pull, page_text, size, where):
    config, layer = descriptor(b"{}", CONFIG_TYPE), descriptor(b"layer")
    {"config": config, "layer": layer, "foreign layer": layer, "child": {}}[where]["size"] = size
    if where == "foreign layer":
        layer["urls"] = ["https://example.com/"]
    hostile.serve_blob(digest_of(b"{}"), b"{}")
    content = manifest(config, [layer])
    if where == "child":
        content = index(
            [
                {
                    **descriptor(content, OCI_MANIFEST),
                    "size": size,
                    "platform": {"os": "linux", "architecture": "amd64"},
                }
            ]
        )
    hostile.serve_manifest(content, OCI_INDEX if where == "child" else OCI_MANIFEST)

    transfer = pull(hostile.reference, platform="all")

    check_refused(transfer, "size")
    page_text("transfers:detail", transfer.pk)


@pytest.mark.parametrize(
    "created",
    [
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.999999-00:01",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
    ],
)
def test_extreme_dates_break_no_page(hostile, pull, page_text, alice, created):
    for zone in ("Pacific/Kiritimati", "Pacific/Midway"):
        alice.time_zone = zone
        alice.save(update_fields=["time_zone"])
        serve_image(
            hostile,
            config=json.dumps(
                {"created": created, "os": "linux", "architecture": "amd64"}
            ).encode(),
        )

        assert pull(hostile.reference).state == State.SUCCEEDED

        page_text("images:list")
        page_text("images:detail", LocalImage.objects.get().pk)
        page_text("web:overview")


@pytest.mark.parametrize(
    "seconds", ["1e400", "1" + "0" * 400, "-1" + "0" * 400, "NaN", "true", '"60"', "null"]
)
def test_a_token_with_an_invalid_lifetime_is_used(hostile, pull, seconds):
    realm = f'Bearer realm="{hostile.server.url}/token",service="x"'
    body = f'{{"token": "abcdefgh", "expires_in": {seconds}}}'.encode()
    hostile.server.on("GET", "/token", Reply(body=body))
    hostile.server.on("GET", "/v2/", Reply(401, headers={"WWW-Authenticate": realm}))

    assert pull(hostile.reference).state == State.SUCCEEDED


# --- amounts


def test_too_many_layers_are_refused(hostile, pull):
    layer = descriptor(b"layer")
    hostile.serve_manifest(manifest(descriptor(b"{}", CONFIG_TYPE), [layer] * 1001), OCI_MANIFEST)

    check_refused(pull(hostile.reference), "1000")


def test_an_index_of_large_manifests_is_refused_before_all_are_fetched(hostile, pull):
    children = []
    for number in range(100):
        content = manifest(
            descriptor(b"{}", CONFIG_TYPE), annotations={"padding": f"{number}" + "x" * (4 << 20)}
        )
        children.append(descriptor(content, OCI_MANIFEST))
        hostile.serve_manifest(content, OCI_MANIFEST, digest_of(content))
    hostile.serve_manifest(index(children), OCI_INDEX)

    check_refused(pull(hostile.reference, platform="all"), "32 MiB")
    assert len(hostile.server.made("GET", ".*/manifests/sha256:.*")) < 40


def test_an_index_with_too_many_manifests_is_refused(hostile, pull):
    def grow(depth, name):
        if depth == 0:
            return manifest(descriptor(b"{}", CONFIG_TYPE), annotations={"name": name})
        children = [grow(depth - 1, f"{name}/{number}") for number in range(40)]
        for child in children:
            hostile.serve_manifest(
                child, OCI_INDEX if depth > 1 else OCI_MANIFEST, digest_of(child)
            )
        return index(
            [descriptor(child, OCI_INDEX if depth > 1 else OCI_MANIFEST) for child in children]
        )

    hostile.serve_blob(digest_of(b"{}"), b"{}")
    hostile.serve_manifest(grow(2, "root"), OCI_INDEX)

    check_refused(pull(hostile.reference, platform="all"), "1000")


def test_the_depth_of_nested_indexes_is_limited(hostile, pull):
    platform = {"platform": {"os": "linux", "architecture": "amd64"}}
    content = index([])
    for _ in range(1500):
        hostile.serve_manifest(content, OCI_INDEX, digest_of(content))
        content = index([{**descriptor(content, OCI_INDEX), **platform}])
    hostile.serve_manifest(content, OCI_INDEX)

    check_refused(pull(hostile.reference, platform="linux/amd64"), "deep")
    check_refused(pull(hostile.reference, platform="all"), "deep")


def test_a_long_platform_name_is_truncated(hostile, pull, page_text):
    long = "x" * (2 << 20)
    layers = [f"layer {number}".encode() for number in range(40)]
    content = serve_image(hostile, layers=layers, config=b'{"os": "linux"}')
    hostile.serve_manifest(
        index(
            [{**descriptor(content, OCI_MANIFEST), "platform": {"os": long, "architecture": long}}]
        ),
        OCI_INDEX,
    )

    transfer = pull(hostile.reference, platform="all")

    assert len(json.dumps(transfer.progress)) < 100_000
    assert len(page_text("transfers:detail", transfer.pk)) < 500_000
    page_text("images:list")


# --- texts


def test_hostile_texts_of_an_image_are_escaped_on_every_page(hostile, pull, page_text):
    config = {
        "os": "linux",
        "architecture": "amd64",
        "author": HOSTILE,
        "config": {
            "Env": [f"NAME={HOSTILE}", HOSTILE, 7, None],
            "Labels": {HOSTILE: HOSTILE, "link": "javascript:alert(1)", "number": 7},
            "ExposedPorts": {HOSTILE: {}},
            "Volumes": [HOSTILE],
            "Entrypoint": [HOSTILE],
            "Cmd": HOSTILE,
            "User": HOSTILE,
            "WorkingDir": [HOSTILE],
        },
        "history": [
            {"created_by": HOSTILE, "comment": HOSTILE},
            "no object",
            {"created_by": ["a list"]},
            {"empty_layer": "yes"},
        ],
    }
    layer = b"layer"
    hostile.serve_blob(digest_of(layer), layer)
    for number, media_type in enumerate(
        (LAYER_TYPE, f"{LAYER_TYPE}+{HOSTILE.replace(LONE_SURROGATE, '')}")
    ):
        content = json.dumps(config).encode()
        hostile.serve_blob(digest_of(content), content)
        document = manifest(
            descriptor(content, CONFIG_TYPE),
            [descriptor(layer, media_type)],
            annotations={HOSTILE: HOSTILE, str(number): "x"},
        )
        hostile.serve_manifest(document, OCI_MANIFEST)

        transfer = pull(hostile.reference)

        assert transfer.state == State.SUCCEEDED, transfer.error
        shown = (
            page_text("images:detail", LocalImage.objects.get().pk)
            + page_text("images:list")
            + page_text("transfers:detail", transfer.pk)
        )
        assert "<script>alert" not in shown
        assert 'href="javascript:' not in shown


@pytest.mark.parametrize(
    "config",
    [
        "[]",
        "null",
        '"text"',
        "7",
        "{" * 5,
        "[" * 100_000,
        '{"config": []}',
        '{"config": {"Env": {}, "Labels": []}}',
    ],
)
def test_a_malformed_config_is_accepted(hostile, pull, page_text, config):
    serve_image(hostile, config=config.encode())

    assert pull(hostile.reference).state == State.SUCCEEDED
    page_text("images:detail", LocalImage.objects.get().pk)


REFUSALS = {
    "an error of the specification": json.dumps(
        {"errors": [{"code": HOSTILE, "message": HOSTILE, "detail": HOSTILE}]}
    ).encode(),
    "a message": json.dumps({"message": HOSTILE}).encode(),
    "plain text": HOSTILE.encode("utf-8", "surrogatepass"),
    "something else": b'{"errors": {"code": 7}}',
}


@pytest.mark.parametrize("case", REFUSALS)
def test_the_text_of_a_refusal_is_one_escaped_line(hostile, pull, page_text, case):
    hostile.answer_manifest(
        Reply(403, body=REFUSALS[case], headers={"Content-Type": "application/json"})
    )

    check_inert(pull(hostile.reference), page_text)


MANIFESTS = {
    "a type": json.dumps({"schemaVersion": 2, "mediaType": HOSTILE, "layers": []}).encode(),
    "a digest": manifest({"mediaType": CONFIG_TYPE, "size": 1, "digest": f"sha256:{HOSTILE}"}),
    "a platform": index(
        [{**descriptor(b"", OCI_MANIFEST), "platform": {"os": HOSTILE, "architecture": HOSTILE}}]
    ),
}


@pytest.mark.parametrize("case", MANIFESTS)
def test_texts_of_an_invalid_manifest_are_escaped(hostile, pull, page_text, case):
    hostile.serve_manifest(MANIFESTS[case], "application/json")

    check_inert(pull(hostile.reference), page_text)


def check_inert(transfer, page_text):
    assert transfer.state == State.FAILED
    assert transfer.error["kind"] != "Unexpected"
    text = describe(transfer.error).sentence + describe(transfer.error).advice
    assert text.isprintable(), text
    assert not set(text) & set("\u202e\u2066")
    assert "<script>alert" not in page_text("transfers:detail", transfer.pk)
    assert "<script>alert" not in page_text("transfers:list")


@pytest.mark.parametrize(
    "piece", ["eyJ-", "eyJaaaaa", "Bearer ", "a://", "a://b@", "-", "Basic\t\t"]
)
def test_a_slow_pattern_in_an_error_body_is_redacted_quickly(hostile, pull, piece):
    body = json.dumps(
        {"errors": [{"code": "DENIED", "message": piece * (60_000 // len(piece))}]}
    ).encode()
    hostile.answer_manifest(Reply(403, body=body, headers={"Content-Type": "application/json"}))
    started = time.process_time()

    assert pull(hostile.reference).state == State.FAILED
    assert time.process_time() - started < 3


def test_texts_of_a_token_service_are_escaped(hostile, pull, page_text):
    challenge = (
        f'Bearer realm="{hostile.server.url}/token",service="<script>alert(1)</script>",'
        'scope="a:b:c" x'
    )
    hostile.server.on("GET", "/v2/.*", Reply(401, headers={"WWW-Authenticate": challenge}))
    hostile.server.on("GET", "/token", Reply(400, body=REFUSALS["a message"]))

    check_inert(pull(hostile.reference), page_text)


def test_the_image_stays_when_its_new_manifest_is_hostile(hostile, pull):
    assert pull(hostile.reference).state == State.SUCCEEDED
    kept = LocalImage.objects.get().digest
    hostile.server.on(
        "GET",
        manifest_path("1.0"),
        Reply(body=b"[" * 100_000, headers={"Content-Type": OCI_MANIFEST}),
    )

    assert pull(hostile.reference).state == State.FAILED
    assert LocalImage.objects.get().digest == kept
    assert Transfer.objects.filter(state=State.RUNNING).count() == 0


def test_an_equal_image_of_another_team_is_not_shown(
    other_team, charlie, hostile, team, pull, client_for
):
    Registry.objects.create(
        team=other_team, name="theirs", host=hostile.host, security=Security.PLAIN_HTTP
    )
    hostile.serve(build_image())
    for owner, user in ((team, None), (other_team, charlie)):
        assert pull(hostile.reference, team=owner, user=user).state == State.SUCCEEDED
    first, second = (LocalImage.objects.get(team=owner) for owner in (team, other_team))

    content = client_for(charlie).get(reverse("images:detail", args=[second.pk])).content.decode()

    assert str(second.pk) in content
    assert str(first.pk) not in content
    assert "Harbour" not in content
