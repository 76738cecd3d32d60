"""The errors of job rows: what the column `error` holds."""

from typing import Any

from django.utils.translation import gettext as _

from registry_ui.oci.errors import OciError

StoredError = dict[str, Any]


def stored_error(error: OciError) -> StoredError:
    """Return the row's `error` for a failure that the run could name."""
    return {"kind": type(error).__name__, "message": error.message, "advice": error.advice}


def database_error(key: object) -> StoredError:
    """Return the row's `error` for a database that did not answer."""
    return {
        "kind": "DatabaseFailed",
        "message": _("The database of Registry UI did not answer in time."),
        "advice": _(
            "Start it again: finished work is kept. If it happens again, look for %(id)s in the "
            "worker's log."
        )
        % {"id": key},
    }


def unexpected_error(key: object) -> StoredError:
    """Return the row's `error` for a bug; the worker's log has its cause."""
    return {
        "kind": "Unexpected",
        "message": _("Something went wrong inside Registry UI itself."),
        "advice": _("Start it again; if it happens again, look for %(id)s in the worker's log.")
        % {"id": key},
    }
