"""The named steps of a transfer, as its page shows them."""

from .models import Kind

_NAMES = {
    Kind.PUSH: ("login", "push"),
    Kind.PUBLISH: ("login", "tag", "push"),
    Kind.COPY: ("source", "target", "copy"),
    Kind.DELETE: ("check", "delete"),
    Kind.IMPORT: ("verify", "import"),
}


class Steps:
    """The named steps of a transfer: waiting, running, done or failed, each with a word on how it went."""

    def __init__(self, *names: str) -> None:
        self._steps = {name: {"name": name, "state": "waiting", "detail": ""} for name in names}

    @classmethod
    def of(cls, kind: str) -> "Steps":
        """Those of a kind, none of them begun; a pull and a tag have none."""
        return cls(*_NAMES.get(Kind(kind), ()))

    def begin(self, name: str) -> None:
        self._steps[name]["state"] = "running"

    def complete(self, name: str, detail: str = "") -> None:
        self._steps[name].update(state="done", detail=detail)

    def fail_running(self) -> None:
        for step in self._steps.values():
            if step["state"] == "running":
                step["state"] = "failed"

    def as_list(self) -> list[dict[str, str]]:
        return [dict(step) for step in self._steps.values()]
