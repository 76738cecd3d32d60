import io

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.postgresql


def verdict(**options):
    output = io.StringIO()
    call_command("verify_audit_log", stdout=output, **options)
    return output.getvalue()


@pytest.mark.django_db
def test_an_empty_chain_is_intact(db):
    assert "0 events" in verdict()
