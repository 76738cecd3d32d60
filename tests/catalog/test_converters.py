"""Converters of URL paths: a path that names no repository, tag or digest does not match."""

import pytest
from django.urls import Resolver404, resolve

from registry_ui.catalog.converters import DigestConverter, RepositoryConverter

PK = "00000000-0000-0000-0000-000000000001"
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize("name", ["nginx", "library/nginx", "a/b-c/d_e.f"])
def test_a_repository_is_read_from_the_path(name):
    assert resolve(f"/registries/{PK}/repositories/{name}/").kwargs["name"] == name


@pytest.mark.parametrize("name", ["Nginx", "a//b", "a/", "-a", "a" * 256, "a:b"])
def test_an_invalid_repository_does_not_match(name):
    with pytest.raises(Resolver404):
        resolve(f"/registries/{PK}/repositories/{name}/")


def test_a_tag_or_digest_follows_the_repository():
    by_tag = resolve(f"/registries/{PK}/images/team/app:1.0/").kwargs
    by_digest = resolve(f"/registries/{PK}/images/team/app@{DIGEST}/").kwargs

    assert (by_tag["name"], by_tag["tag"]) == ("team/app", "1.0")
    assert (by_digest["name"], by_digest["digest"]) == ("team/app", DIGEST)


def test_django_is_told_by_a_value_error():
    with pytest.raises(ValueError, match=r"^component_empty "):
        RepositoryConverter().to_python("a//b")
    with pytest.raises(ValueError, match="sha256:abc"):
        DigestConverter().to_python("sha256:abc")
