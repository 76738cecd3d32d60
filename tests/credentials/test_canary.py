"""Tests that a secret reaches nothing but its registry."""

import base64
import json
import sys

from django.contrib.sessions.models import Session
from django.core import serializers
from django.core.signals import got_request_exception
from django.db import connection
from django.urls import reverse
from django.views.debug import ExceptionReporter

from registry_ui.credentials.models import Credential
from registry_ui.registries.models import Registry
from tests.parts.registry_rows import CANARY

ENCODED = base64.b64encode(f"robot:{CANARY}".encode()).decode()


def assert_clean(*texts: str) -> None:
    for text in texts:
        assert CANARY not in text
        assert ENCODED not in text


def database_as_text() -> str:
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [repr(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def test_the_canary_is_nowhere(
    client_for, alice, htpasswd_row, make_registry, caplog, capfd, htmx
) -> None:
    caplog.set_level(0)
    client = client_for(alice)
    unreachable = make_registry(host="127.0.0.1:1", security="plain_http")
    add = reverse("registries:credential_add", args=[htpasswd_row.pk])
    login = {"host": htpasswd_row.host, "username": "robot", "secret": CANARY, "label": "Canary"}
    pages = [
        client.post(add, login),
        client.post(add, login, headers=htmx),
        client.post(
            reverse("registries:credential_add", args=[unreachable.pk]),
            {**login, "host": unreachable.host},
        ),
        client.post(
            reverse("registries:credential_add", args=[unreachable.pk]),
            {**login, "host": unreachable.host, "save_anyway": "1"},
            follow=True,
        ),
    ]
    stored = Credential.objects.get()
    for view in ("credential_edit", "credential_remove"):
        pages.append(client.get(reverse(f"registries:{view}", args=[stored.pk])))
    pages += [
        client.post(reverse("registries:credential_test", args=[stored.pk]), follow=True),
        client.post(
            reverse("registries:credential_edit", args=[stored.pk]),
            {**login, "host": unreachable.host, "label": "x" * 200},
        ),
        client.post(
            reverse("registries:import_docker_config"),
            {"text": json.dumps({"auths": {"registry.example.com": {"auth": ENCODED}}})},
        ),
        client.get(reverse("registries:import_choose")),
        client.get(reverse("registries:list")),
        client.get(reverse("web:overview")),
    ]
    assert_clean(*(page.content.decode() for page in pages), *(str(page.headers) for page in pages))
    assert_clean(caplog.text, *capfd.readouterr())
    assert_clean(*(str(session.get_decoded()) for session in Session.objects.all()))
    assert_clean(database_as_text())
    assert_clean(
        serializers.serialize("json", [*Credential.objects.all(), *Registry.objects.all()])
    )
    assert Credential.objects.get().secret.reveal() == CANARY


def test_a_report_of_an_unexpected_error_does_not_show_it(
    client_for, alice, htpasswd_row, monkeypatch
) -> None:
    # A report has the request and the variables of every frame, as a monitoring service gets them.
    reports = []

    def report(sender, request, **kwargs) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_html(), reporter.get_traceback_text()])

    monkeypatch.setattr(
        "registry_ui.credentials.views.credentials.log_in", lambda *arguments: 1 / 0
    )
    client = client_for(alice)
    client.raise_request_exception = False
    login = {"host": htpasswd_row.host, "username": "robot", "secret": CANARY, "label": "Canary"}
    got_request_exception.connect(report)
    try:
        page = client.post(reverse("registries:credential_add", args=[htpasswd_row.pk]), login)
    finally:
        got_request_exception.disconnect(report)
    assert page.status_code == 500
    assert len(reports) == 2
    assert_clean(page.content.decode(), *reports)


def test_a_filter_in_the_address_finds_nothing_out(
    client_for, alice, htpasswd_row, make_credential
) -> None:
    make_credential(htpasswd_row, secret=CANARY)
    client = client_for(alice)
    address = reverse("registries:list")
    plain = client.get(address).content
    probed = client.get(
        f"{address}?credentials__secret_ciphertext__startswith=g&order=secret_ciphertext"
    ).content
    assert len(plain) == len(probed)
