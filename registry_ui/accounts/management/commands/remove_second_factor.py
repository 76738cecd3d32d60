from typing import Any

from allauth.account.internal.userkit import get_user_by_username
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from registry_ui.accounts.sign_in.factors import remove_all


class Command(BaseCommand):
    help = (
        "Remove a person's authenticator app, passkeys and recovery codes, when they have lost "
        "them all. Their password, or single sign-on, is enough for the next sign-in: make sure "
        "first that it is them who ask for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="Whose second factors are removed.")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        # The same lookup as at sign-in.
        user = get_user_by_username(username)
        if user is None:
            raise CommandError(_("There is nobody named “%(name)s”.") % {"name": username})
        count = remove_all(user)
        if not count:
            self.stdout.write(_("%(name)s has no second factor.") % {"name": user.username})
            return
        self.stdout.write(
            _("%(count)s removed. The next sign-in of %(name)s asks for no second factor.")
            % {"count": count, "name": user.username}
        )
