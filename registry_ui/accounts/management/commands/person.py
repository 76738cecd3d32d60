from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from registry_ui.accounts import services
from registry_ui.accounts.models import User


class Command(BaseCommand):
    help = (
        "List people, and let whoever runs the server change who may sign in "
        "and who administers the installation."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="act", required=True)
        actions.add_parser("list", help="Everybody, with what they are.")
        for name, text in (
            ("promote", "Make an administrator of the installation."),
            ("demote", "Make an administrator one no more."),
            ("deactivate", "End sign-in, sessions, tokens and jobs."),
            ("activate", "Let them sign in again."),
        ):
            actions.add_parser(name, help=text).add_argument("username")

    def handle(self, *args: Any, act: str, username: str = "", **options: Any) -> None:
        if act == "list":
            self._list()
            return

        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(
                _("There is nobody called %(name)s. `manage.py person list` has everybody.")
                % {"name": username}
            )

        try:
            _ACTIONS[act](person)
        except services.Refused as exc:
            raise CommandError(str(exc)) from exc
        # The service has changed a locked copy of the row, not this object.
        person.refresh_from_db()
        self.stdout.write(_line(person))

    def _list(self) -> None:
        for person in User.objects.order_by("username").prefetch_related("memberships__team"):
            self.stdout.write(_line(person))


# `by=None` is the command line. It needs no role, but cannot remove the last administrator either.
_ACTIONS: dict[str, Callable[[User], object]] = {
    "promote": lambda person: services.set_administrator(person=person, value=True, by=None),
    "demote": lambda person: services.set_administrator(person=person, value=False, by=None),
    "deactivate": lambda person: services.deactivate_person(person=person, by=None),
    "activate": lambda person: services.activate_person(person=person, by=None),
}


def _line(person: User) -> str:
    facts = [] if person.is_active else [_("deactivated")]
    facts += [_("administrator")] if person.is_superuser else []
    facts += [
        f"{membership.team.slug}: {membership.role}" for membership in person.memberships.all()
    ]
    return f"{person.username}\t{person.email}\t{', '.join(facts)}"
