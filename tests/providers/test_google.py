import pytest

from registry_ui.providers.advice import advice_for
from registry_ui.providers.google import GoogleArtifactRegistry


@pytest.mark.parametrize("host", ["europe-docker.pkg.dev", "gcr.io", "eu.gcr.io"])
def test_its_hosts_are_recognized(host):
    assert GoogleArtifactRegistry().matches_host(host)


@pytest.mark.parametrize("host", ["pkg.dev", "gcr.io.evil.example"])
def test_similar_hosts_are_not_its_own(host):
    assert not GoogleArtifactRegistry().matches_host(host)


def test_its_advice_is_its_own():
    assert "must be created first" in advice_for(
        "europe-docker.pkg.dev", "missing", repository="team/app"
    )
