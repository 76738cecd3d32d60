from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "registry_ui.accounts"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from .recency import note_sign_in

        user_logged_in.connect(note_sign_in, dispatch_uid="accounts.note_sign_in")
