"""Second factors without JavaScript: the authenticator app and recovery codes."""

import io
import json
import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from registry_ui.accounts.models import Action, AuditEvent
from registry_ui.accounts.sign_in.confirmation import OPENING_SECONDS, SESSION_KEY
from tests.conftest import PASSWORD

LOGIN, SECOND = "/account/login/", "/account/factors/authenticate/"
MISMATCH = "This did not match."


def code_of(secret: str, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up_app(client: Client) -> tuple[str, list[str]]:
    """Add an authenticator app and return its secret and the recovery codes."""
    page = client.get(reverse("mfa_activate_totp"))
    secret = re.search(r'<code translate="no">([A-Z2-7]{32})</code>', page.text)[1]
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).url == reverse(
        "mfa_view_recovery_codes"
    )
    codes = re.findall(r"<code>(\d{8})</code>", client.get(reverse("mfa_view_recovery_codes")).text)
    return secret, codes


def with_password(client: Client, name: str = "alice", **extra):
    return client.post(LOGIN, {"login": name, "password": PASSWORD, **extra})


@pytest.fixture
def alice_client(client_for, alice):
    return client_for(alice)


@pytest.fixture
def app(alice_client) -> tuple[str, list[str]]:
    return set_up_app(alice_client)


def is_signed_in(client: Client) -> bool:
    return client.get("/preferences/security/").status_code == 200


def test_the_app_is_set_up_with_a_qr_code_and_a_text(alice_client) -> None:
    page = alice_client.get(reverse("mfa_activate_totp"))
    assert "data:image/svg+xml;base64," in page.text
    assert " style=" not in page.text
    assert "<script>" not in page.text


def test_adding_the_app_creates_ten_recovery_codes(app) -> None:
    assert len(set(app[1])) == 10


def test_a_wrong_code_adds_nothing_and_keeps_the_secret(alice_client) -> None:
    url = reverse("mfa_activate_totp")
    first = re.search(r"<code translate=\"no\">([A-Z2-7]{32})", alice_client.get(url).text)[1]
    answer = alice_client.post(url, {"code": "000000"})
    assert MISMATCH in answer.text
    assert first in answer.text
    assert not Authenticator.objects.exists()


def test_no_secret_is_stored_in_plain_text(alice_client) -> None:
    page = alice_client.get(reverse("mfa_activate_totp"))
    secret = re.search(r"<code translate=\"no\">([A-Z2-7]{32})", page.text)[1]
    sessions = [json.dumps(row.get_decoded()) for row in Session.objects.all()]
    assert sessions
    assert not [text for text in sessions if secret in text]
    alice_client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert stored.count("gAAAA") == 2


def test_the_password_alone_no_longer_signs_in(client, app) -> None:
    assert with_password(client).url == SECOND
    assert not is_signed_in(client)
    assert client.get(SECOND).status_code == 200


def test_the_code_completes_the_sign_in_and_continues_to_the_page(client, app) -> None:
    with_password(client, next="/registries/")
    assert client.post(SECOND, {"code": code_of(app[0], 1)}).url == "/registries/"
    assert is_signed_in(client)


@pytest.mark.parametrize("steps", [-1, 1])
def test_neighbouring_codes_are_accepted(client, app, steps) -> None:
    with_password(client)
    assert client.post(SECOND, {"code": code_of(app[0], steps)}).status_code == 302


def test_a_code_works_once(app) -> None:
    code = code_of(app[0], 1)
    first, second = Client(), Client()
    for client in (first, second):
        with_password(client)
    assert first.post(SECOND, {"code": code}).status_code == 302
    # allauth remembers the code for half a minute, and accepts it for longer.
    cache.delete(f"allauth.mfa.totp.used?user={Authenticator.objects.first().user_id}&code={code}")
    assert MISMATCH in second.post(SECOND, {"code": code}).text


def test_a_recovery_code_works_once(app) -> None:
    first, second = Client(), Client()
    for client in (first, second):
        with_password(client)
    assert first.post(SECOND, {"code": app[1][3]}).status_code == 302
    assert MISMATCH in second.post(SECOND, {"code": app[1][3]}).text
    assert app[1][3] not in first.get(reverse("mfa_view_recovery_codes")).text


def test_second_factor_attempts_are_limited_by_account(app) -> None:
    for attempt in range(10):
        client = Client(REMOTE_ADDR=f"203.0.113.{attempt}")
        with_password(client)
        assert MISMATCH in client.post(SECOND, {"code": "000000"}).text
    client = Client(REMOTE_ADDR="203.0.113.99")
    with_password(client)
    assert "Too many failed attempts" in client.post(SECOND, {"code": code_of(app[0], 1)}).text


def test_second_factor_failures_do_not_end_sessions(alice_client, app) -> None:
    for _attempt in range(12):
        client = Client()
        with_password(client)
        client.post(SECOND, {"code": "000000"})
    assert is_signed_in(alice_client)


def test_the_second_step_without_the_first_redirects_to_the_sign_in(client, app) -> None:
    assert client.get(SECOND).url == LOGIN
    assert client.post(SECOND, {"code": app[1][0]}).url == LOGIN


def test_somebody_else_can_sign_in_instead(client, app, bob) -> None:
    with_password(client)
    client.post(reverse("account_logout"))
    assert with_password(client, "bob").url == "/"


def test_the_session_changes_with_the_second_step(client, app) -> None:
    with_password(client)
    before = client.session.session_key
    client.post(SECOND, {"code": code_of(app[0], 1)})
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_second_step_does_not_redirect_to_another_site(client, app, target) -> None:
    with_password(client, next=target)
    assert (
        client.post(f"{SECOND}?next={target}", {"code": code_of(app[0], 1), "next": target}).url
        == "/"
    )


def test_removing_the_app_removes_the_recovery_codes(alice_client, app, client) -> None:
    assert "Remove the app" in alice_client.get(reverse("mfa_deactivate_totp")).text
    assert alice_client.post(reverse("mfa_deactivate_totp")).url == reverse("mfa_index")
    assert not Authenticator.objects.exists()
    assert with_password(client).url == "/"


def test_new_recovery_codes_replace_the_old(alice_client, app, client) -> None:
    assert alice_client.post(reverse("mfa_generate_recovery_codes")).url == reverse(
        "mfa_view_recovery_codes"
    )
    with_password(client)
    assert MISMATCH in client.post(SECOND, {"code": app[1][0]}).text


def test_the_codes_can_be_downloaded(alice_client, app) -> None:
    answer = alice_client.get(reverse("mfa_download_recovery_codes"))
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "no-store" in answer.headers["Cache-Control"]
    assert all(code in answer.text for code in app[1])


CHANGING = [
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
]
CHANGING += ["mfa_download_recovery_codes", "mfa_add_webauthn", "account_set_password"]


@pytest.mark.parametrize("name", CHANGING)
def test_changing_a_factor_needs_a_recent_sign_in(alice_client, app, name) -> None:
    session = alice_client.session
    session[SESSION_KEY] = 0
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time() - OPENING_SECONDS - 60}
    ]
    session.save()
    assert alice_client.get(reverse(name)).url.startswith(reverse("account_reauthenticate"))


def test_a_code_confirms_the_sign_in(alice_client, app) -> None:
    session = alice_client.session
    session[SESSION_KEY] = 0
    session["account_authentication_methods"] = []
    session.save()
    page = alice_client.get(f"{reverse('account_reauthenticate')}?next=/preferences/")
    assert "Use a code" in page.text
    url = f"{reverse('mfa_reauthenticate')}?next={reverse('mfa_view_recovery_codes')}"
    assert alice_client.get(url).status_code == 200
    assert alice_client.post(url, {"code": app[1][0]}).url == reverse("mfa_view_recovery_codes")
    assert alice_client.get(reverse("mfa_view_recovery_codes")).status_code == 200


@pytest.mark.parametrize("name", ["mfa_reauthenticate", "account_reauthenticate"])
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_confirmation_does_not_redirect_to_another_site(alice_client, app, name, target) -> None:
    answer = alice_client.post(
        f"{reverse(name)}?next={target}", {"code": app[1][0], "password": PASSWORD, "next": target}
    )
    assert answer.url == "/"


ODD_KEYS = [
    "",
    "x",
    "[]",
    "{}",
    '"x"',
    "null",
    "1",
    '{"id": 1}',
    '{"id": "x", "rawId": "x", "response": {}, "type": "public-key"}',
]
ODD_KEYS += [
    '{"response": {"userHandle": "x"}}',
    '{"response": []}',
    '{"response": {"userHandle": "~~~~"}}',
    "[" * 2000,
]
ODD_KEYS.append(
    '{"id": "eA", "rawId": "eA", "type": "public-key", '
    '"response": {"userHandle": "MQ", "clientDataJSON": "eA", '
    '"authenticatorData": "eA", "signature": "eA", "attestationObject": "eA"}}'
)


@pytest.mark.parametrize("text", ODD_KEYS, ids=lambda text: text[:12])
def test_a_malformed_passkey_is_refused(client, alice_client, app, text) -> None:
    client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert client.post(reverse("mfa_login_webauthn"), {"credential": text}).status_code == 302
    with_password(client)
    client.get(SECOND)
    assert client.post(SECOND, {"credential": text}).status_code == 200
    alice_client.get(reverse("mfa_add_webauthn"))
    assert (
        alice_client.post(
            reverse("mfa_add_webauthn"), {"credential": text, "name": "x"}
        ).status_code
        == 200
    )
    assert not Authenticator.objects.filter(type="webauthn").exists()
    assert not is_signed_in(client)


def test_passkeys_of_other_people_get_404(client_for, alice, bob) -> None:
    key = Authenticator.objects.create(
        user=alice, type="webauthn", data={"name": "phone", "credential": {}}
    )
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        for method in ("get", "post"):
            assert getattr(client_for(bob), method)(reverse(name, args=[key.pk])).status_code == 404


def test_lost_keys_get_a_page(client, app, settings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with_password(client)
    answer = client.post(SECOND, {"code": app[1][0]})
    assert answer.status_code == 503
    assert "REGISTRY_UI_ENCRYPTION_KEYS" in answer.text


@pytest.mark.django_db(transaction=True)
def test_changes_and_uses_of_factors_are_recorded(alice_client, app, client) -> None:
    with_password(client)
    client.post(SECOND, {"code": "000000"})
    client.post(SECOND, {"code": app[1][0]})
    alice_client.post(reverse("mfa_deactivate_totp"))
    events = AuditEvent.objects.filter(
        action__in=[Action.SECOND_FACTOR_ADDED, Action.SECOND_FACTOR_REMOVED]
    )
    assert sorted((event.action, event.details["factor"]) for event in events) == [
        ("factor.added", "recovery_codes"),
        ("factor.added", "totp"),
        ("factor.removed", "recovery_codes"),
        ("factor.removed", "totp"),
    ]
    assert (
        AuditEvent.objects.filter(action=Action.SIGN_IN_REFUSED, details__method="totp").count()
        == 1
    )
    assert (
        AuditEvent.objects.filter(
            action=Action.SIGNED_IN, details__methods=["password", "recovery_codes"]
        ).count()
        == 1
    )
    assert not [
        event
        for event in AuditEvent.objects.all()
        if any(code in str(event.details) for code in [*app[1], app[0], "000000"])
    ]


# --- required second factors


def test_a_person_without_a_required_factor_is_redirected(client_for, bob, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client = client_for(bob)
    for path in ("/", "/registries/", "/images/", "/preferences/"):
        assert client.get(path).url == "/preferences/security/"
    assert (
        client.get("/registries/", headers={"HX-Request": "true"}).headers["HX-Redirect"]
        == "/preferences/security/"
    )
    assert client.post("/transfers/pull/", {"reference": "x"}).url == "/preferences/security/"
    assert "requires one" in client.get("/preferences/security/").text
    set_up_app(client)
    assert client.get("/registries/").status_code == 200


def test_the_last_required_factor_stays(alice_client, app, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    key = Authenticator.objects.create(
        user=Authenticator.objects.first().user,
        type="webauthn",
        data={"name": "phone", "credential": {}},
    )
    assert alice_client.post(reverse("mfa_remove_webauthn", args=[key.pk])).status_code == 302
    answer = alice_client.post(reverse("mfa_deactivate_totp"))
    assert "your last one" in answer.text
    assert Authenticator.objects.filter(type="totp").exists()


def test_the_last_required_passkey_stays(client_for, alice, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    key = Authenticator.objects.create(
        user=alice, type="webauthn", data={"name": "phone", "credential": {}}
    )
    assert (
        "your last one"
        in client_for(alice).post(reverse("mfa_remove_webauthn", args=[key.pk])).text
    )
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_signing_out_and_the_health_check_need_no_factor(client_for, bob, settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert client_for(bob).get("/healthz").status_code == 200
    assert client_for(bob).post("/account/logout/").url == LOGIN


# --- commands


def test_a_lost_factor_can_be_removed(app, client) -> None:
    out = io.StringIO()
    call_command("remove_second_factor", "Alice", stdout=out)
    assert "2 removed" in out.getvalue()
    assert with_password(client).url == "/"
    events = AuditEvent.objects.filter(action=Action.SECOND_FACTOR_REMOVED)
    assert {(event.actor_kind, event.object_name) for event in events} == {
        ("command_line", "alice")
    }
    call_command("remove_second_factor", "alice", stdout=out)
    assert "no second factor" in out.getvalue()
    with pytest.raises(CommandError, match="nobody named “eve”"):
        call_command("remove_second_factor", "eve")


def test_the_keys_of_second_factors_are_rotated_too(app, client, settings) -> None:
    old = settings.ENCRYPTION_KEYS
    new = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.ENCRYPTION_KEYS = [new]
    with_password(client)
    assert client.post(SECOND, {"code": app[1][0]}).status_code == 302
