from io import StringIO

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.postgresql


def test_the_command_prints_a_message_after_the_setup(alice):
    out = StringIO()
    call_command("setup_link", stdout=out)
    assert "set up already" in out.getvalue()
    assert "/setup/" not in out.getvalue()
