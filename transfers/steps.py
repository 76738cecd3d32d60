"""The named steps of a transfer, as its page shows them."""

from .models import Kind, Transfer

_NAMES = {
    Kind.PUSH: ("login", "push"),
    Kind.PUBLISH: ("login", "tag", "push"),
    Kind.COPY: ("source", "target", "copy"),
    Kind.DELETE: ("check", "delete"),
    Kind.IMPORT: ("verify", "import"),
    Kind.SAVE: ("fetch", "store"),
}
# An engine logs in by itself, as part of what it does.
_AT_AN_ENGINE = {
    Kind.PUSH: ("push",),
    Kind.PUBLISH: ("tag", "push"),
}


class Steps:
    """The named steps of a transfer: waiting, running, done or failed, each with a word on how it went."""

    def __init__(self, *names: str) -> None:
        self._steps = {name: {"name": name, "state": "waiting", "detail": ""} for name in names}

    @classmethod
    def of(cls, transfer: Transfer) -> "Steps":
        """Those of its kind, none of them begun; a pull and a tag have none."""
        names = _NAMES | _AT_AN_ENGINE if transfer.engine else _NAMES
        return cls(*names.get(Kind(transfer.kind), ()))

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
