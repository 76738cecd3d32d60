from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Prints a new key for REGISTRY_UI_ENCRYPTION_KEYS. Put it before the present ones, "
        "then run rotate_keys."
    )
    # Runs before the installation has a key, without which the system checks fail.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(Fernet.generate_key().decode())
