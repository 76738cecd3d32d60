"""Badges: a state looks the same on every page."""

import pytest

from registry_ui.jobs.models import State
from registry_ui.oci.progress import BlobState
from registry_ui.registries.models import Health
from registry_ui.web.badges import badge_for


@pytest.mark.parametrize(
    "state", [*State.values, *(state.value for state in BlobState), "healthy", "failing", "expired"]
)
def test_every_state_has_a_badge(state):
    assert badge_for(state) != badge_for("no such state")


def test_a_state_that_is_new_is_shown_as_unknown():
    assert badge_for("no such state").tone == "muted"
    assert badge_for(Health.UNKNOWN) == badge_for("no such state")
