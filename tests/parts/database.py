"""The test database, migrated once and then copied, which takes milliseconds."""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.models.signals import post_migrate
from django.test.utils import setup_databases

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / ".pytest_cache" / "databases"


def template_key() -> str:
    """Return a hash of every migration, of the triggers and of the Django that runs them."""
    digest = hashlib.sha256(f"{django.get_version()} {sys.version}".encode())
    for config in sorted(apps.get_app_configs(), key=lambda config: config.label):
        for path in sorted(Path(config.path).glob("migrations/*.py")):
            digest.update(f"{config.label}/{path.name}".encode() + path.read_bytes())
    # `migrate` installs the triggers of the audit log too.
    digest.update((ROOT / "registry_ui/accounts/audit/triggers.py").read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def migrated_template() -> Path:
    """Return a migrated and empty SQLite file, created once for each set of migrations."""
    template = TEMPLATES / f"{template_key()}.sqlite3"
    with _locked(TEMPLATES / "lock"):
        if not template.exists():
            shutil.rmtree(TEMPLATES / "made", ignore_errors=True)
            (TEMPLATES / "made").mkdir()
            _migrate(TEMPLATES / "made" / template.name)
            (TEMPLATES / "made" / template.name).replace(template)
    return template


def _migrate(path: Path) -> None:
    connection = connections["default"]
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name

    # A single file can be copied: without a write-ahead log.
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=DELETE")


def copy_template(target: Path) -> None:
    """Copy the migrated template to a path of this process."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(migrated_template(), target)
    target.chmod(0o600)


def make_test_database() -> None:
    """Create the database of this test process and use it in every connection."""
    connection = connections["default"]
    if connection.vendor == "postgresql":
        setup_databases(verbosity=0, interactive=False)
        return
    name = connection.settings_dict["TEST"]["NAME"]
    copy_template(Path(name))
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name


def stop_permission_rows() -> None:
    """Write no content types and permissions after each flush.

    The product uses neither, and each writes a hundred rows.
    """
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    from django.contrib.contenttypes.management import create_contenttypes

    post_migrate.disconnect(create_contenttypes)


def is_postgresql() -> bool:
    return os.environ.get("REGISTRY_UI_TEST_DATABASE") == "postgresql"
