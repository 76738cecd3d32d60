"""The access log of gunicorn, without the tokens of one-time links."""

import re
from typing import Any

from gunicorn.glogging import Logger

_LINK = re.compile(r"^/(setup|join)/[^/]+")


class AccessLogger(Logger):
    def atoms(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        # “U” is the URL path in gunicorn's access_log_format.
        atoms: dict[str, Any] = super().atoms(*args, **kwargs)
        return {**atoms, "U": _LINK.sub(r"/\1/•••", str(atoms.get("U") or ""))}
