import pytest

from registry_ui.images.deletion_summary import deletion_summary

pytestmark = pytest.mark.django_db


def test_local_images_are_counted(team, other_team, pulled):
    pulled(team, "docker.io/library/app:1.0")
    pulled(team, "docker.io/library/app:2.0")

    assert deletion_summary(team) == ["2 local images"]
    assert deletion_summary(other_team) == []
