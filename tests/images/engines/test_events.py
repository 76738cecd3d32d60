"""Recorded event streams of a Docker Engine and of Podman as progress."""

from registry_ui.images.engines.events import read_events
from registry_ui.oci.progress import Progress

A, B = "a" * 12, "b" * 12


def folded(*events):
    progress = Progress()
    outcome = read_events(events, progress)
    return outcome, {layer["digest"]: layer for layer in progress.snapshot()["layers"]}, progress


def test_a_pull_reports_each_layer():
    outcome, layers, progress = folded(
        {"status": "Pulling from shop/app", "id": "1.0"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": A},
        {"status": "Already exists", "progressDetail": {}, "id": B},
        {"status": "Downloading", "progressDetail": {"current": 40, "total": 100}, "id": A},
        {"status": "Download complete", "progressDetail": {}, "id": A},
        {"status": "Extracting", "progressDetail": {"current": 10, "total": 100}, "id": A},
        {"status": f"Digest: sha256:{'c' * 64}"},
        {"status": "Status: Downloaded newer image for shop/app:1.0"},
    )
    assert outcome.digest == f"sha256:{'c' * 64}"
    assert list(layers) == [f"sha256:{A}", f"sha256:{B}"]
    assert (layers[f"sha256:{A}"]["state"], layers[f"sha256:{A}"]["offset"]) == ("unpacking", 100)
    assert layers[f"sha256:{B}"]["state"] == "exists"
    assert progress.moved == 100


def test_a_push_ends_with_digest_and_size():
    outcome, layers, _progress = folded(
        {"status": "The push refers to repository [registry.example.com/shop/app]"},
        {"status": "Preparing", "progressDetail": {}, "id": A},
        {"status": "Pushing", "progressDetail": {"current": 512, "total": 500}, "id": A},
        {"status": "Pushed", "progressDetail": {}, "id": A},
        {"status": "Mounted from shop/base", "progressDetail": {}, "id": B},
        {"status": f"1.0: digest: sha256:{'d' * 64} size: 735"},
        {"progressDetail": {}, "aux": {"Tag": "1.0", "Digest": f"sha256:{'d' * 64}", "Size": 735}},
    )
    assert (outcome.digest, outcome.size) == (f"sha256:{'d' * 64}", 735)
    assert (layers[f"sha256:{A}"]["state"], layers[f"sha256:{A}"]["size"]) == ("done", 512)
    assert (layers[f"sha256:{B}"]["state"], layers[f"sha256:{B}"]["from"]) == (
        "mounted",
        "shop/base",
    )


def test_a_retried_layer_waits_with_a_note():
    _outcome, layers, progress = folded(
        {"status": "Retrying in 5 seconds", "progressDetail": {}, "id": A}
    )
    assert layers[f"sha256:{A}"]["state"] == "waiting"
    assert "Retrying in 5 seconds" in progress.snapshot()["note"]


def test_unknown_events_are_ignored():
    outcome, layers, _progress = folded(
        {},
        {"status": None},
        {"id": "latest", "status": "Pulling from x"},
        {"id": A, "status": "Humming", "progressDetail": None},
    )
    assert (outcome.digest, layers) == ("", {})
