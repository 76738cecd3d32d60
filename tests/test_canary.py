"""Secrets are used in logins, and then searched in the database, logs, pages and Redis."""

import io
import logging
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from registry_ui.accounts.audit.chain import seal_audit_log
from registry_ui.accounts.models import ApiToken, AuditEvent
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import check_login
from registry_ui.oci.reference import Reference
from tests.parts.processes import wait_until
from tests.transfers.conftest import add_credential, add_registry  # noqa: F401
from transfers import services
from transfers.models import State, Transfer
from transfers.queues import TRANSFERS

WRONG_CANARY = "canary-5b1f32c-never-print-me"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def transfers_with_secrets(
    team,
    alice,
    manage,
    htpasswd_registry,
    add_registry,  # noqa: F811
    image_factory,
    caplog,
):
    """A pull, a push and a refused pull by a real worker, and a failed login test."""
    caplog.set_level(logging.DEBUG)
    row = add_registry(team, htpasswd_registry)
    wrong = add_credential(
        row, "mallory", WRONG_CANARY, label="wrong", repository_pattern="refused/*"
    )
    image = image_factory(htpasswd_registry)
    worker = manage.start_worker()
    pulled = finished(
        services.start_pull(team=team, user=alice, reference=Reference.parse(image.reference))
    )
    target = Reference.parse(f"{htpasswd_registry.host}/{htpasswd_registry.new_repository()}:1")
    pushed = finished(
        services.start_publish(
            team=team, user=alice, source=Reference.parse(image.reference), target=target
        )
    )
    refused_reference = Reference.parse(f"{htpasswd_registry.host}/refused/app:1")
    refused = finished(
        services.start_pull(team=team, user=alice, reference=refused_reference, credential=wrong)
    )
    with pytest.raises(Exception) as raised:
        check_login(wrong)
    assert (pulled.state, pushed.state, refused.state) == (
        State.SUCCEEDED,
        State.SUCCEEDED,
        State.FAILED,
    )
    return [pulled, pushed, refused], worker, raised


def finished(transfer):
    wait_until(lambda: Transfer.objects.get(pk=transfer.pk).is_terminal, seconds=60)
    return Transfer.objects.get(pk=transfer.pk)


def redis_content(redis):
    content = []
    for key in redis.scan_iter("*"):
        content += [key, redis.dump(key) or b""]
        kind = redis.type(key)
        if kind == b"hash":
            content += [part for pair in redis.hgetall(key).items() for part in pair]
    return b"\n".join(content)


def database_content():
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows.append(repr(cursor.fetchall()))
    return "\n".join(rows)


LISTS = (
    "web:overview",
    "registries:list",
    "images:list",
    "transfers:list",
    "accounts:audit_log",
    "accounts:tokens",
    "accounts:team_tokens",
)


def pages(client, transfers):
    credential = Credential.objects.get(label="wrong")
    addresses = [reverse(name) for name in LISTS]
    addresses += [
        f"{reverse('accounts:audit_log_export')}?format={kind}" for kind in ("csv", "jsonl")
    ]
    addresses += [reverse("transfers:detail", args=[transfer.pk]) for transfer in transfers]
    addresses += [reverse("transfers:progress", args=[transfer.pk]) for transfer in transfers]
    addresses += [
        reverse("registries:detail", args=[credential.registry_id]),
        reverse("registries:credential_edit", args=[credential.pk]),
    ]
    return {address: b"".join(client.get(address)).decode() for address in addresses}


def test_a_secret_is_stored_encrypted_only(
    transfers_with_secrets,
    alice,
    client_for,
    htpasswd_registry,
    redis_server,
    images_directory,
    caplog,
):
    transfers, worker, raised = transfers_with_secrets
    secrets = [htpasswd_registry.password, WRONG_CANARY]
    shell = io.StringIO()
    call_command("transfers", stdout=shell)
    call_command("images", stdout=shell)
    error = raised.value
    exceptions = [error, error.__cause__, error.__context__, vars(error)]

    contents = {
        "the worker's log": worker.output,
        "our log": caplog.text,
        "Redis": redis_content(TRANSFERS.rq.connection).decode("latin-1"),
        "the database": database_content(),
        "the exception": "".join(map(repr, exceptions)),
        "the command line": shell.getvalue(),
        **pages(client_for(alice), transfers),
    }
    for path in images_directory.rglob("*.json"):
        contents[str(path)] = path.read_text(errors="replace")

    for location, content in contents.items():
        assert content or location == "our log", f"{location} is empty: nothing was searched"
        for secret in secrets:
            assert secret not in content, f"the secret is in {location}"


def test_the_secret_of_a_token_is_shown_once_only(client_for, alice, team, redis_server, caplog):
    """HARDENING 46 and 47, for tokens of people and robots, also revoked or in a URL."""
    caplog.set_level(logging.DEBUG)
    client, program, secrets = client_for(alice), Client(), []
    for name in ("accounts:tokens_add", "accounts:team_tokens_add"):
        page = client.post(reverse(name), {"name": f"ci {name}", "scope": "read", "days": "7"}).text
        secrets.append(re.search(r"rui_\w{40}", page)[0])
    answers = [
        program.get(reverse("accounts:api_me"), headers={"Authorization": f"Bearer {secret}"}).text
        for secret in secrets
    ]
    answers += [
        program.get(f"{reverse('accounts:api_me')}?token={secret}").text for secret in secrets
    ]
    for token in ApiToken.objects.all():
        client.post(reverse("accounts:tokens_revoke", args=[token.pk]))
    answers += [
        program.get(reverse("accounts:api_me"), headers={"Authorization": f"Bearer {secret}"}).text
        for secret in secrets
    ]
    seal_audit_log()
    addresses = [reverse(name) for name in LISTS] + [
        f"{reverse('accounts:audit_log_export')}?format={kind}" for kind in ("csv", "jsonl")
    ]
    contents = {address: b"".join(client.get(address)).decode() for address in addresses}
    contents |= {
        "the database": database_content(),
        "our log": caplog.text,
        "the answers": "".join(answers),
    }
    contents |= {"Redis": redis_content(TRANSFERS.rq.connection).decode("latin-1")}

    for location, content in contents.items():
        for secret in secrets:
            assert secret not in content, f"the token is in {location}"
            assert secret.removeprefix("rui_")[4:] not in content, f"the token is in {location}"
    assert AuditEvent.objects.filter(action__startswith="token.").count() == 8


def test_the_search_finds_plain_text(transfers_with_secrets):
    """The search itself works: it finds a user name and a ciphertext."""
    assert "mallory" in database_content()
    assert re.search(r"gAAAA[\w-]{40,}", database_content())
    assert Path(settings.DATA).exists()
