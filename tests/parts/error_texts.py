"""Errors by what people read about them."""

import re
from collections.abc import Callable

from registry_ui.oci.errors import OciError, StoredError
from registry_ui.web.errors import describe


def says(pattern: str) -> Callable[[OciError], bool]:
    """Return a `check` of `pytest.raises`: whether the error's texts match a pattern."""

    def is_match(error: OciError) -> bool:
        assert re.search(pattern, str(describe(error))), str(describe(error))
        return True

    return is_match


def stored_error(text: str, kind: str = "EngineFailed") -> StoredError:
    """Return the error of a row whose sentence quotes a text."""
    return {
        "kind": kind,
        "code": "engine_failed",
        "parameters": {"engine": "build", "quote": text},
    }
