from datetime import timedelta

import pytest
from django.utils import timezone

from registry_ui.images.garbage_collection import collect
from registry_ui.serving.maintenance import maintain_builtin_registry
from registry_ui.serving.models import ServedBlob

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


NAME = "harbour/app"


BLOB = b"some bytes" * 100


def test_links_to_a_collected_blob_are_deleted(admin):
    admin.push_blob(NAME, BLOB)
    collect(grace_seconds=-1)
    ServedBlob.objects.update(created_at=timezone.now() - timedelta(hours=2))
    maintain_builtin_registry()
    assert not ServedBlob.objects.exists()
