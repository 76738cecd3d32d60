import getpass
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from registry_ui.accounts.audit.log import record
from registry_ui.accounts.models import Action, Team
from registry_ui.accounts.team_argument import find_team
from registry_ui.credentials.docker_config_import import unused_label
from registry_ui.credentials.login_test import log_in
from registry_ui.credentials.models import Credential
from registry_ui.credentials.services import add_credential, change_credential, find_registry
from registry_ui.oci.client import BasicCredential
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import DEFAULT_REGISTRY
from registry_ui.providers.catalogue import addable_provider_for_host
from registry_ui.registries.certificates import clean_pem
from registry_ui.registries.hosts import read_host
from registry_ui.registries.models import Registry, Security
from registry_ui.web.errors import describe

# The same limit as in the form.
_LONGEST_SECRET = 16384


class Command(BaseCommand):
    help = "Logs in to a registry and, when that succeeded, keeps the credential for the team."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "host",
            nargs="?",
            default=DEFAULT_REGISTRY,
            help=_("the registry's host; that of short names by default"),
        )

        parser.add_argument("-u", "--username")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help=_("read the password or token from standard input"),
        )
        parser.add_argument(
            "--label", default="", help=_("by which the team knows it; the username by default")
        )
        parser.add_argument(
            "--team",
            default="",
            help=_("the team's name or short name; needed where there are several"),
        )
        parser.add_argument(
            "--plain-http", action="store_true", help=_("for a new registry: no encryption")
        )
        parser.add_argument(
            "--ca-file",
            type=Path,
            help=_("for a new registry: its own authority's certificate (PEM)"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            team = find_team(options["team"])
            registry = _registry(team, options)
            username = options["username"] or input(_("Username: ")).strip()
            # The prompt does not echo, and no argument has the secret: `ps` shows arguments.
            login = BasicCredential(username, _secret(options["password_stdin"]))
            if not login.username or not login.secret:
                raise CommandError(_("A username and a password or token are needed."))
            sentence = log_in(registry, login)
            _save(registry, login, options["label"])
        except OciError as exc:
            raise CommandError(str(describe(exc))) from None

        self.stdout.write(sentence)
        # The line that `docker login` prints, for scripts that expect it.
        self.stdout.write("Login Succeeded")


def _registry(team: Team, options: dict[str, Any]) -> Registry:
    """Return the team's registry of that host, or a new one that is not saved yet."""
    host = read_host(options["host"]).name
    known = find_registry(team, host)
    if known is not None:
        # The command must not weaken the connection of an existing registry.
        if options["plain_http"] or options["ca_file"]:
            raise CommandError(
                _("The team has %(host)s already. Its connection is changed in its settings.")
                % {"host": host}
            )
        return known
    if options["plain_http"] and options["ca_file"]:
        raise CommandError(_("--plain-http and --ca-file exclude each other."))

    provider = addable_provider_for_host(host)
    registry = Registry(
        team=team,
        host=host,
        provider=provider.name,
        name=provider.registry_name(host),
    )
    if options["plain_http"]:
        registry.security = Security.PLAIN_HTTP
    if options["ca_file"]:
        registry.security, registry.ca_certificate = (
            Security.OWN_CA,
            clean_pem(_text_of(options["ca_file"])),
        )

    return registry


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(_("%(path)s cannot be read.") % {"path": path}) from exc


def _secret(from_stdin: bool) -> str:
    if from_stdin:
        # A trailing line break is not part of the secret, as in `docker login`.
        return sys.stdin.read(_LONGEST_SECRET + 1).rstrip("\r\n")[:_LONGEST_SECRET]
    return getpass.getpass(_("Password or token: "))


@transaction.atomic
def _save(registry: Registry, login: BasicCredential, label: str) -> Credential:
    """Add a credential, or change the secret of the one with that username (and label)."""
    # A new registry is saved only after the login has succeeded.
    if registry._state.adding:
        registry.save(force_insert=True)
        record(
            Action.REGISTRY_ADDED, obj=registry, host=registry.host, connection=registry.security
        )

    known = (
        registry.credentials.filter(username=login.username, **({"label": label} if label else {}))
        .select_related("registry")
        .first()
    )
    if known is not None:
        # The team's other settings stay; only the secret and its expiry are new.
        values = {
            name: getattr(known, name)
            for name in ("label", "username", "repository_pattern", "can_push")
        }
        return change_credential(
            credential=known,
            user=None,
            values={**values, "expires_at": _expiry(registry)},
            secret=login.secret,
            is_verified=True,
        )

    values = {
        "label": unused_label(registry, label or login.username),
        "username": login.username,
        "repository_pattern": "",
        "can_push": True,
    }
    return add_credential(
        registry=registry,
        user=None,
        values={**values, "expires_at": _expiry(registry)},
        secret=login.secret,
        is_verified=True,
    )


def _expiry(registry: Registry) -> Any:
    return registry.get_provider().new_secret_expiry()
