"""gunicorn's access log without the one secret that is part of a path."""

import re
from typing import Any

from gunicorn.glogging import Logger

_SETUP = re.compile(r"^/setup/[^/]+")


class AccessLogger(Logger):
    def atoms(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(*args, **kwargs)
        return {**atoms, "U": _SETUP.sub("/setup/•••", str(atoms.get("U") or ""))}
