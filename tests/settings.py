"""The product's settings for tests, with own data, database and queue.

pytest-django imports this before any conftest, so the environment is prepared here. Every
pytest-xdist worker has its own folder; a process that a test starts finds the same folder through
REGISTRY_UI_TEST_FOLDER.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 8 * 1024**3


def _keep_files_in_memory() -> None:
    """Keep temporary files in memory where there is enough, to save half of the time."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def _own_folder() -> Path:
    """Return the folder of this pytest process, which is removed when its creator ends."""
    if "REGISTRY_UI_TEST_FOLDER" in os.environ:
        folder = Path(os.environ["REGISTRY_UI_TEST_FOLDER"])
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        return folder / worker if worker and folder.name != worker else folder
    folder = Path(tempfile.mkdtemp(prefix="registry-ui-tests-"))
    creator = os.getpid()
    atexit.register(lambda: os.getpid() == creator and shutil.rmtree(folder, ignore_errors=True))
    return folder


def _remove_own_settings() -> None:
    for name in list(os.environ):
        if name.startswith("REGISTRY_UI_") and not name.startswith("REGISTRY_UI_TEST_"):
            del os.environ[name]


_keep_files_in_memory()
FOLDER = _own_folder()
_remove_own_settings()
os.environ["REGISTRY_UI_TEST_FOLDER"] = str(FOLDER)
os.environ["REGISTRY_UI_DATA"] = str(FOLDER / "data")
# Playwright keeps an event loop in the main thread, so Django refuses queries there.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

if os.environ.get("REGISTRY_UI_TEST_DATABASE", "sqlite") == "postgresql":
    # tests/parts/postgresql.py starts the server on this socket.
    os.environ["REGISTRY_UI_DATABASE_URL"] = (
        f"postgresql://postgres@/registry_ui?host={FOLDER / 'pg'}"
    )

from registry_ui.settings import *  # noqa: E402, F403
from registry_ui.settings import DATA, DATABASES, STORAGES, URL, WSGI_APPLICATION  # noqa: E402, F401

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: every thread and process has its own connection.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
if "REGISTRY_UI_TEST_DATABASE_NAME" in os.environ:
    DATABASES["default"]["NAME"] = os.environ["REGISTRY_UI_TEST_DATABASE_NAME"]

IMAGES_DIRECTORY = Path(os.environ.get("REGISTRY_UI_TEST_IMAGES", DATA / "images"))
FREE_SPACE_FLOOR = 0
URL = os.environ.get("REGISTRY_UI_TEST_URL", URL)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
]
# The tests do not collect static files, so these are served from their sources.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
(DATA / "static").mkdir(exist_ok=True)
