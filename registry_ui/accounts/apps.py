from django.apps import AppConfig

GUARD = "accounts.guard_trail"


class AccountsConfig(AppConfig):
    name = "registry_ui.accounts"

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in as signed_in_by_allauth
        from django.contrib.auth.signals import user_logged_in
        from django.db.models.signals import post_delete, post_migrate, post_save

        from . import recording
        from .guarding import guard_trail
        from .models import Membership, User
        from .recency import note_sign_in
        from .sso.groups import after_sign_in
        from .tokens import end_with_membership, end_with_person

        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")
        signed_in_by_allauth.connect(after_sign_in, dispatch_uid="accounts.sso.after_sign_in")
        post_delete.connect(
            end_with_membership, sender=Membership, dispatch_uid="accounts.end_with_membership"
        )
        post_save.connect(end_with_person, sender=User, dispatch_uid="accounts.end_with_person")
        recording.connect()
        post_migrate.connect(guard_trail, sender=self, dispatch_uid=GUARD)
