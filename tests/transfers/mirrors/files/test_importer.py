"""Files of regsync, of skopeo sync and of the project's own format."""

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.credentials.models import Credential
from tests.transfers.mirrors.mirror_files import REGSYNC
from transfers.mirrors.files import create_entries, export_mirrors, read_file
from transfers.mirrors.files.yaml_document import InvalidFile
from transfers.mirrors.models import ConflictPolicy, Mirror, NotificationPolicy

from ..rows import mirror_row

pytestmark = pytest.mark.django_db


def test_regsync_entries_are_read_with_remarks(team, registries):
    entries = read_file(REGSYNC, team=team).entries
    image, repository, registry, renamed, folder, template, foreign, expressions = entries

    assert image.values["repositories"] == ["library/busybox"]
    assert (image.values["selection"], image.values["naming"], image.values["schedule"]) == (
        {"tags": ["1.36"]},
        {"kind": "keep"},
        "0 * * * *",
    )
    assert repository.values["selection"] == {"match": r"(?:3)|(?:3\.\d+)", "exclude": "edge"}
    assert repository.values["naming"] == {"kind": "prefix", "prefix": "mirror"}
    assert (
        repository.values["schedule"],
        repository.values["platforms"],
        repository.values["referrers"],
    ) == (
        "15 3 * * *",
        ["linux/amd64"],
        True,
    )
    assert repository.values["conflict_policy"] == ConflictPolicy.BACKUP
    assert registry.values["repositories"] == ["team/*", "tools"]
    assert registry.values["schedule"] == ""
    assert any("7m30s" in warning for warning in registry.warnings)
    assert all("ratelimit" in " ".join(entry.warnings) for entry in (image, repository, registry))
    assert [bool(entry.problem) for entry in (image, repository, registry)] == [False] * 3
    assert all(entry.problem for entry in (renamed, folder, template, foreign, expressions))
    assert "elsewhere.example.com" in foreign.problem


def test_regsync_entries_become_mirrors(team, alice, registries):
    parsed_file = read_file(REGSYNC, team=team)

    created = create_entries(parsed_file.entries, team=team, user=alice)

    assert [entry.problem for entry in parsed_file.entries[:3]] == ["", "", ""]
    assert len(created) == 3
    assert Mirror.objects.get(repositories=["library/alpine"]).next_run_at is not None
    assert AuditEvent.objects.filter(action=Action.MIRRORS_IMPORTED).count() == 1


def test_exported_mirrors_are_imported_unchanged(team, other_team, alice, registries):
    source, target = registries["Hub"], registries["Company"]
    credential = Credential(team=team, registry=target, label="Robot", username="robot")
    credential.set_secret("canary-secret")
    credential.save()
    mirror_row(
        team, "Local: “all”", source=source, target=None, schedule="", naming={"kind": "keep"}
    )
    Mirror.objects.update(target_registry=None)
    mirror_row(
        team,
        "Everything",
        source=source,
        target=target,
        target_credential=credential,
        repositories=["a/b", "c/*"],
        naming={"kind": "flatten", "levels": 1},
        selection={
            "tags": ["1.10", "2026-01-31", "on"],
            "newest": 3,
            "per": "major",
            "prereleases": False,
            "match": r"\d+.*",
        },
        platforms=["linux/amd64"],
        referrers=False,
        conflict_policy=ConflictPolicy.KEEP,
        delete_extras=True,
        delete_cap=7,
        verify=False,
        schedule="30 2 * * 1-5",
        time_zone="Europe/Berlin",
        jitter_seconds=600,
        notification_policy=NotificationPolicy.ALWAYS,
    )
    names = [
        field.name
        for field in Mirror._meta.fields
        if field.name not in ("id", "created_at", "updated_at", "created_by", "next_run_at")
    ]
    before = list(Mirror.objects.order_by("name").values(*names))
    text = export_mirrors(Mirror.objects.order_by("name"))
    Mirror.objects.all().delete()

    parsed_file = read_file(text, team=team)
    create_entries(parsed_file.entries, team=team, user=alice)

    assert "canary-secret" not in text
    assert [(entry.problem, entry.warnings) for entry in parsed_file.entries] == [
        ("", []),
        ("", []),
    ]
    after = list(Mirror.objects.order_by("name").values(*names))
    for row in (*before, *after):
        row.pop("needs_target_credential")
    assert after == before


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.text(max_size=8) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
    )
)
def test_arbitrary_content_of_a_file_raises_no_other_error(team, alice, value):
    for document in (
        {
            "registry-ui-mirrors": 1,
            "mirrors": [
                {
                    "name": "x",
                    "source": "docker.io",
                    "selection": value,
                    "naming": value,
                    "repositories": value,
                }
            ],
        },
        {
            "sync": [
                {
                    "type": "repository",
                    "source": value,
                    "target": value,
                    "tags": value,
                    "platforms": value,
                    "interval": value,
                }
            ]
        },
        {"hub.example.com": {"images": {"a": value}, "images-by-semver": value}},
    ):
        try:
            parsed_file = read_file(
                yaml.safe_dump(document), team=team, target=None, has_target=True
            )
        except InvalidFile:
            continue
        create_entries(parsed_file.entries, team=team, user=alice)
