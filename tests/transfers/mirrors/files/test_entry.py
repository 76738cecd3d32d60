import pytest

from registry_ui.accounts.models import AuditEvent
from tests.transfers.mirrors.mirror_files import REGSYNC, SKOPEO
from transfers.mirrors.files import create_entries, read_file
from transfers.mirrors.files.entry import Entry
from transfers.mirrors.models import Mirror

pytestmark = pytest.mark.django_db


def test_no_secret_of_a_file_is_stored_or_shown(team, alice, registries):
    for text in (REGSYNC, SKOPEO):
        parsed_file = read_file(text, team=team, target=None, has_target=True)
        create_entries(parsed_file.entries, team=team, user=alice)
        assert "canary-secret" not in repr(parsed_file)
    assert "canary-secret" not in repr(list(Mirror.objects.values())) + repr(
        list(AuditEvent.objects.values())
    )


def test_warnings_leave_an_entry_importable_and_a_problem_does_not():
    entry = Entry("library/nginx", source="docker.io", warnings=["ratelimit is not carried over."])
    assert entry.is_importable

    entry.problem = "There is no such registry."

    assert not entry.is_importable


def test_the_remarks_and_values_of_one_entry_are_not_those_of_another():
    first, second = Entry("first"), Entry("second")

    first.warnings.append("tls-verify is set at the registry.")
    first.values["repositories"] = ["library/nginx"]

    assert (second.warnings, second.values) == ([], {})
