"""A real OpenID provider: canaille, in a thread of pytest, with its data in memory."""

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

from .processes import free_port

CLIENT_ID, CLIENT_SECRET = "registry-ui", "canary-of-the-client-secret"
PASSWORD = "a sentence for the provider"
CALLBACK = "/account/sso/callback/"


class OpenIdProvider:
    """A provider that can be stopped and started again at the same address."""

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

    def allow_callback(self, origin: str) -> None:
        """Allow the callback of an installation at another address than the test client's."""
        with self.app.app_context():
            client = Backend.instance.get(models.Client, client_id=CLIENT_ID)
            client.redirect_uris = [f"http://testserver{CALLBACK}", f"{origin}{CALLBACK}"]
            Backend.instance.save(client)

    def reset(self) -> None:
        """Delete people, groups and codes.

        Its memory backend looks codes up by the client alone, and may find an old one.
        """
        with self.app.app_context():
            for model in (
                models.AuthorizationCode,
                models.Token,
                models.Consent,
                models.Group,
                models.User,
            ):
                for row in Backend.instance.query(model):
                    Backend.instance.delete(row)

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
        self.set_groups(name, *groups)

    def set_groups(self, name: str, *groups: str) -> None:
        """Make the person a member of these groups only."""
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

    def callback_url(self, address: str, name: str, browser: requests.Session | None = None) -> str:
        """Sign a person in at the provider and return the callback's path and query."""
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


def redirect_url_in(page: str) -> str:
    """Return the provider's URL in the page that continues there."""
    match = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert match, page[:2000]
    return unescape(match[1])
