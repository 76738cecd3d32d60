"""A secret goes the whole way, through a login that works and one that does not, and is then looked for everywhere."""

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

from registry_ui.accounts.models import ApiToken, AuditEvent
from registry_ui.accounts.sealing import seal
from registry_ui.oci.reference import Reference
from registry_ui.registries.models import Credential
from registry_ui.registries.services import check_login
from tests.parts.process import wait_until
from tests.transfers.conftest import add_credential, add_registry  # noqa: F401
from transfers import services
from transfers.models import State, Transfer
from transfers.queueing import TRANSFERS

WRONG_CANARY = "canary-5b1f32c-never-print-me"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def travelled(team, alice, manage, htpasswd_registry, add_registry, image_factory, caplog):  # noqa: F811
    """A pull, a push and a refused pull by a real worker, and a login test that fails."""
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


def everything_in_redis(redis):
    content = []
    for key in redis.scan_iter("*"):
        content += [key, redis.dump(key) or b""]
        kind = redis.type(key)
        if kind == b"hash":
            content += [part for pair in redis.hgetall(key).items() for part in pair]
    return b"\n".join(content)


def everything_in_the_database():
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
    "accounts:activity",
    "accounts:tokens",
    "accounts:team_tokens",
)


def pages(client, transfers):
    credential = Credential.objects.get(label="wrong")
    addresses = [reverse(name) for name in LISTS]
    addresses += [
        f"{reverse('accounts:activity_export')}?format={kind}" for kind in ("csv", "jsonl")
    ]
    addresses += [reverse("transfers:detail", args=[transfer.pk]) for transfer in transfers]
    addresses += [reverse("transfers:progress", args=[transfer.pk]) for transfer in transfers]
    addresses += [
        reverse("registries:detail", args=[credential.registry_id]),
        reverse("registries:credential_edit", args=[credential.pk]),
    ]
    return {address: b"".join(client.get(address)).decode() for address in addresses}


def test_a_secret_is_nowhere_but_encrypted_in_the_database(
    travelled, alice, client_for, htpasswd_registry, redis_server, images_directory, caplog
):
    transfers, worker, raised = travelled
    secrets = [htpasswd_registry.password, WRONG_CANARY]
    shell = io.StringIO()
    call_command("transfers", stdout=shell)
    call_command("images", stdout=shell)
    places = {
        "the worker's log": worker.output,
        "our log": caplog.text,
        "Redis": everything_in_redis(TRANSFERS.rq.connection).decode("latin-1"),
        "the database": everything_in_the_database(),
        "the exception": "".join(
            map(
                repr,
                [
                    raised.value,
                    raised.value.__cause__,
                    raised.value.__context__,
                    vars(raised.value),
                ],
            )
        ),
        "the command line": shell.getvalue(),
        **pages(client_for(alice), transfers),
    }
    for path in images_directory.rglob("*.json"):
        places[str(path)] = path.read_text(errors="replace")

    for place, content in places.items():
        assert content or place == "our log", f"{place} is empty: the check would find nothing"
        for secret in secrets:
            assert secret not in content, f"the secret is in {place}"


def test_a_tokens_secret_is_nowhere_once_it_was_shown(
    client_for, alice, team, redis_server, caplog
):
    """HARDENING 46 and 47: neither a person's token nor a robot's, whether good, refused or sent the wrong way."""
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
    seal()
    addresses = [reverse(name) for name in LISTS] + [
        f"{reverse('accounts:activity_export')}?format={kind}" for kind in ("csv", "jsonl")
    ]
    places = {address: b"".join(client.get(address)).decode() for address in addresses}
    places |= {
        "the database": everything_in_the_database(),
        "our log": caplog.text,
        "the answers": "".join(answers),
    }
    places |= {"Redis": everything_in_redis(TRANSFERS.rq.connection).decode("latin-1")}

    for place, content in places.items():
        for secret in secrets:
            assert secret not in content, f"the token is in {place}"
            assert secret.removeprefix("rui_")[4:] not in content, f"the token is in {place}"
    assert AuditEvent.objects.filter(action__startswith="token.").count() == 8


def test_the_canary_check_would_find_a_secret(travelled):
    """The same look at the database finds what is there in clear, so that finding nothing means something."""
    assert "mallory" in everything_in_the_database()
    assert re.search(r"gAAAA[\w-]{40,}", everything_in_the_database())
    assert Path(settings.DATA).exists()
