import csv
import io

import pytest
from django.urls import reverse

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db]


URL, EXPORT = reverse("accounts:audit_log"), reverse("accounts:audit_log_export")


URL, EXPORT = reverse("accounts:audit_log"), reverse("accounts:audit_log_export")


def test_csv_is_complete_and_has_no_formulas(client_for, alice, team):
    dangerous = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        '=HYPERLINK("http://evil")',
        "\N{FULLWIDTH EQUALS SIGN}1",
    ]
    for name in dangerous:
        record(Action.REGISTRY_ADDED, user=alice, team=team, name=name)
    record(Action.REGISTRY_ADDED, user=alice, team=team, name='a,"b"\nc', note="=1")

    answer = client_for(alice).get(EXPORT, {"action": "registry.added", "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert 'attachment; filename="audit-log-' in answer.headers["Content-Disposition"]
    assert sorted(row["object_name"] for row in rows) == sorted(
        [*(f"'{name}" for name in dangerous), 'a,"b"\\nc']
    )
    assert not [
        cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))
    ]
