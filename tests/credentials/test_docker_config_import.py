import json
import time

import pytest
from cryptography.fernet import Fernet

from registry_ui.credentials.docker_config import InvalidDockerConfig, Login
from registry_ui.credentials.docker_config_import import (
    DRAFT_SECONDS,
    decrypt_draft,
    encrypt_draft,
    plan_import,
)
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import import_docker_config
from registry_ui.registries.models import Registry
from tests.parts.registry_rows import CANARY

LOGINS = [Login("registry.example.com", "alice", CANARY)]


def text_of(**auths: tuple[str, str]) -> str:
    return json.dumps(
        {
            "auths": {
                host.replace("_", "."): {"username": user, "password": secret}
                for host, (user, secret) in auths.items()
            }
        }
    )


def test_logins_become_credentials_and_missing_registries_are_added(team, alice) -> None:
    result = import_docker_config(
        team=team,
        user=alice,
        text=text_of(
            docker_io=("johndoe", "a"), ghcr_io=("johndoe", "b"), reg_example_com=("x", "c")
        ),
    )
    assert [registry.host for registry in result.new_registries] == ["ghcr.io", "reg.example.com"]
    assert [registry.provider for registry in result.new_registries] == ["ghcr", "private"]
    assert {
        credential.registry.host: credential.secret.reveal()
        for credential in Credential.objects.filter(team=team)
    } == {
        "docker.io": "a",
        "ghcr.io": "b",
        "reg.example.com": "c",
    }


def test_a_known_username_gets_the_new_secret_and_must_be_tested_again(
    team, alice, make_registry, make_credential
) -> None:
    known = make_credential(
        make_registry(host="registry.example.com"),
        "alice",
        "old",
        label="Kept label",
        repository_pattern="a/*",
    )
    known.mark_verified()
    result = import_docker_config(
        team=team, user=alice, text=text_of(registry_example_com=("alice", "new"))
    )
    assert result.added == []
    known = Credential.objects.get(pk=known.pk)
    assert known.secret.reveal() == "new"
    assert (known.label, known.repository_pattern, known.state) == ("Kept label", "a/*", "unknown")


def test_a_taken_label_is_numbered(team, make_registry, make_credential) -> None:
    make_credential(make_registry(host="registry.example.com"), "somebody", label="alice")
    result = import_docker_config(
        team=team, user=None, text=text_of(registry_example_com=("alice", "x"))
    )
    assert result.added[0].label == "alice 2"


def test_registries_of_other_teams_are_neither_seen_nor_used(
    team, other_team, make_registry
) -> None:
    make_registry(team=other_team, host="registry.example.com")
    assert plan_import(team, LOGINS)[0].registry is None
    import_docker_config(team=team, user=None, text=text_of(registry_example_com=("alice", "x")))
    assert not Credential.objects.filter(team=other_team).exists()
    assert Registry.objects.filter(host="registry.example.com").count() == 2


def test_a_text_that_is_none_changes_nothing(team) -> None:
    with pytest.raises(InvalidDockerConfig):
        import_docker_config(team=team, user=None, text="{")
    assert not Credential.objects.exists()


def test_a_draft_is_sealed_and_opens_for_its_person_and_team_only(
    team, other_team, alice, bob
) -> None:
    draft = encrypt_draft(user=alice, team=team, logins=LOGINS)
    assert CANARY not in json.dumps(draft)
    assert decrypt_draft(draft, user=alice, team=team) == LOGINS
    assert decrypt_draft(draft, user=bob, team=team) is None
    assert decrypt_draft(draft, user=alice, team=other_team) is None
    assert decrypt_draft({**draft, "id": "0"}, user=alice, team=team) is None


@pytest.mark.parametrize(
    "draft", [None, {}, "x", {"id": "x", "sealed": "x"}, {"id": 1, "sealed": 2}]
)
def test_an_invalid_draft_has_no_logins(team, alice, draft) -> None:
    assert decrypt_draft(draft, user=alice, team=team) is None


def test_a_draft_is_over_after_a_quarter_of_an_hour(team, alice, monkeypatch) -> None:
    draft = encrypt_draft(user=alice, team=team, logins=LOGINS)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + DRAFT_SECONDS + 2)
    assert decrypt_draft(draft, user=alice, team=team) is None


def test_a_draft_under_a_lost_key_opens_nothing(team, alice, settings) -> None:
    draft = encrypt_draft(user=alice, team=team, logins=LOGINS)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert decrypt_draft(draft, user=alice, team=team) is None
