"""An engine's images as listed, from the documents of Docker and of Podman."""

from datetime import UTC, datetime

import pytest

from registry_ui.images.engines.engine_images import get_engine_image, list_engine_images

ID = "a" * 64


class Engine:
    """An engine that gives documents."""

    def __init__(self, *images, containers=()):
        self._images, self._containers = images, containers

    def images(self):
        return self._images

    def inspect(self, image_id):
        return next(image for image in self._images if image["Id"] == image_id)

    def containers(self):
        return self._containers


def test_an_image_has_its_names_digests_and_containers():
    engine = Engine(
        {
            "Id": f"sha256:{ID}",
            "RepoTags": ["nginx:1.27", "registry.example.com/app:1", "Not A Name:1"],
            "RepoDigests": [f"nginx@sha256:{'b' * 64}", "<none>@<none>"],
            "Size": 5,
            "Created": 1_700_000_000,
        },
        containers=[{"ImageID": f"sha256:{ID}", "Names": ["/web"], "State": "running"}],
    )

    [image] = list_engine_images(engine)

    assert [str(name) for name in image.names] == [
        "docker.io/library/nginx:1.27",
        "registry.example.com/app:1",
    ]
    assert image.digests == [f"nginx@sha256:{'b' * 64}"]
    assert (image.title, image.running, image.containers[0].name) == ("nginx:1.27", 1, "web")
    assert image.created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert image.matches(["nginx", "1.27"])
    assert not image.matches(["redis"])


def test_an_image_without_a_name_is_known_by_its_id():
    [image] = list_engine_images(Engine({"Id": ID, "RepoTags": ["<none>:<none>"], "Created": 0}))

    assert (image.image_id, image.handle) == (f"sha256:{ID}", f"sha256:{ID}")
    assert (image.title, image.created_at) == ("a" * 12, None)


def test_the_newest_comes_first_and_those_without_a_time_last():
    engine = Engine(
        {"Id": "1", "Created": 1_600_000_000},
        {"Id": "2", "Created": "0001-01-01T00:00:00Z"},
        {"Id": "3", "Created": "2026-01-01T00:00:00.123Z"},
    )

    assert [image.image_id[-1] for image in list_engine_images(engine)] == ["3", "1", "2"]


@pytest.mark.parametrize("created", ["yesterday", 10**30, None])
def test_a_time_that_cannot_be_read_is_none(created):
    engine = Engine({"Id": "sha256:1", "Created": created})

    assert get_engine_image(engine, "sha256:1").created_at is None
