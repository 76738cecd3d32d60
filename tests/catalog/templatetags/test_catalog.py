"""Template tags of lists of repositories and tags."""

import uuid

from django.urls import reverse

from registry_ui.catalog.templatetags.catalog import (
    image_address,
    moved,
    platform_chip,
    pull_command,
    repository_name,
    share,
)

PK = uuid.UUID(int=1)


def test_a_repository_breaks_after_each_slash():
    html = repository_name("team/web/app")

    assert html.count("<wbr>") == 2
    assert '<span class="part-repository">app</span>' in html


def test_a_hostile_name_is_escaped():
    assert "<script>" not in repository_name("<script>/x")
    assert "<script>" not in platform_chip("<script>")


def test_only_other_systems_than_linux_are_named():
    assert ">amd64</span>" in platform_chip("linux/amd64")
    assert ">windows/amd64</span>" in platform_chip("windows/amd64")


def test_a_moved_tag_names_its_previous_digest():
    assert moved("") == ""
    assert "abcdef012345" in moved(f"sha256:abcdef0123456789{'0' * 48}")


def test_the_address_is_the_routes():
    wanted = reverse("registries:image_by_tag", args=[PK, "team/app", "1.0"])

    assert image_address(PK, "team/app", "1.0") == wanted
    assert pull_command("nginx", "1.27") == "docker pull nginx:1.27"


def test_a_bar_of_nothing_has_no_width():
    assert 'class="share-unique" width="0.00"' in share(0, 0)
    assert 'class="share-unique" width="25.00"' in share(1, 3)
