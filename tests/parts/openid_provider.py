"""A real OpenID provider: canaille, in a thread of pytest, with its people in memory."""

import datetime
import logging
import re
import threading
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from registry_ui.single_sign_on import SingleSignOn

from .process import free_port

CLIENT_ID, CLIENT_SECRET = "registry-ui", "canary-of-the-client-secret"
PASSWORD = "a sentence for the provider"
CALLBACK = "/account/sso/callback/"


class OpenIdProvider:
    """`stop()` and `start()` make it unreachable and reachable again, at the same address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        config = {
            "SECRET_KEY": "of-the-tests" * 5,
            "SERVER_NAME": f"localhost:{self.port}",
            "PREFERRED_URL_SCHEME": "http",
            "WTF_CSRF_ENABLED": False,
            "CANAILLE": {
                "JAVASCRIPT": False,
                "LOGGING": {"version": 1, "disable_existing_loggers": False},
            },
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048).as_dict(private=True)]},
        }
        self.app = create_app(config=config)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        with self.app.app_context():
            self._add_client()

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def _add_client(self) -> None:
        client = models.Client(
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            client_name="Registry UI",
            client_uri="http://localhost",
            redirect_uris=[f"http://testserver{CALLBACK}"],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "profile", "email", "groups"],
            token_endpoint_auth_method="client_secret_post",
            client_id_issued_at=datetime.datetime.now(datetime.UTC),
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)

    def let_back_to(self, origin: str) -> None:
        """Allow the callback of an installation at another address than the test client's."""
        with self.app.app_context():
            client = Backend.instance.get(models.Client, client_id=CLIENT_ID)
            client.redirect_uris = [f"http://testserver{CALLBACK}", f"{origin}{CALLBACK}"]
            Backend.instance.save(client)

    def forget_everybody(self) -> None:
        """Codes too: kept in memory, canaille looks them up by their client alone, and may find the wrong one."""
        with self.app.app_context():
            for model in (
                models.AuthorizationCode,
                models.Token,
                models.Consent,
                models.Group,
                models.User,
            ):
                for each in Backend.instance.query(model):
                    Backend.instance.delete(each)

    def add(self, name: str, *groups: str, email: str = "") -> None:
        with self.app.app_context():
            person = models.User(
                user_name=name,
                display_name=name,
                given_name=name.capitalize(),
                family_name="Company",
                formatted_name=f"{name.capitalize()} Company",
                emails=[email or f"{name}@company.example"],
                password=PASSWORD,
            )
            Backend.instance.save(person)
        self.put_into(name, *groups)

    def put_into(self, name: str, *groups: str) -> None:
        """Into these groups, and no others."""
        with self.app.app_context():
            person = Backend.instance.get(models.User, user_name=name)
            for group in list(person.groups or []):
                Backend.instance.delete(group)
            for group in groups:
                Backend.instance.save(models.Group(display_name=group, members=[person]))

    def settings(self, **changed: Any) -> SingleSignOn:
        values = {
            "url": self.url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "name": "Company",
            "scopes": ["openid", "profile", "email", "groups"],
            "ca_file": None,
            "groups_claim": "groups",
            "group_roles": {},
            "admin_groups": frozenset(),
            "auto_create": True,
        }
        return SingleSignOn(**{**values, **changed})

    def answer_of(self, address: str, name: str, browser: requests.Session | None = None) -> str:
        """What a person's browser does at the provider, until that sends it back: the callback's path and query."""
        browser = browser or requests.Session()
        answer = browser.get(address, allow_redirects=False)
        for _step in range(12):
            if "location" in answer.headers:
                target = urljoin(answer.url, answer.headers["location"])
                if not target.startswith(self.url):
                    parts = urlsplit(target)
                    return f"{parts.path}?{parts.query}"
                answer = browser.get(target, allow_redirects=False)
            elif 'name="password"' in answer.text:
                answer = browser.post(
                    answer.url, data={"password": PASSWORD}, allow_redirects=False
                )
            elif 'name="login"' in answer.text:
                answer = browser.post(answer.url, data={"login": name}, allow_redirects=False)
            else:
                raise AssertionError(f"{answer.status_code} at {answer.url}: {answer.text[:2000]}")
        raise AssertionError(f"The provider never sent {name} back.")


def address_in(page: str) -> str:
    """Where the page of ours that leads on to the provider leads."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page[:2000]
    return unescape(found[1])
