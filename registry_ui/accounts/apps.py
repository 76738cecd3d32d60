from django.apps import AppConfig

TRIGGERS_UID = "accounts.install_append_only_triggers"


class AccountsConfig(AppConfig):
    name = "registry_ui.accounts"

    def ready(self) -> None:
        # Models can be imported only now (Django, "Applications").
        from allauth.account.signals import user_logged_in as signed_in_by_allauth
        from django.contrib.auth.signals import user_logged_in
        from django.db.models.signals import post_migrate

        from .audit.triggers import install_append_only_triggers
        from .sign_in import audit_events
        from .sign_in.confirmation import record_sign_in_time
        from .sign_in.sso.groups import sync_at_sign_in

        # Sign-in
        user_logged_in.connect(record_sign_in_time, dispatch_uid="accounts.record_sign_in_time")
        signed_in_by_allauth.connect(sync_at_sign_in, dispatch_uid="accounts.sso.sync_at_sign_in")

        # Audit log. SQLite drops triggers when a migration rebuilds a table: see `audit.triggers`.
        audit_events.connect()
        post_migrate.connect(install_append_only_triggers, sender=self, dispatch_uid=TRIGGERS_UID)
