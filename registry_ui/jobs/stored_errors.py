"""The errors of job rows that no `OciError` stands for. The column `error` holds them."""

from registry_ui.oci.errors import StoredError


def database_error(key: object) -> StoredError:
    """Return the row's `error` for a database that did not answer."""
    return {"kind": "DatabaseFailed", "code": "database_failed", "parameters": {"key": str(key)}}


def unexpected_error(key: object) -> StoredError:
    """Return the row's `error` for a bug; the worker's log has its cause."""
    return {"kind": "Unexpected", "code": "unexpected", "parameters": {"key": str(key)}}
