"""The named steps of a transfer."""

from .models import Kind, Transfer

_NAMES = {
    Kind.PUSH: ("login", "push"),
    Kind.PUBLISH: ("login", "tag", "push"),
    Kind.COPY: ("source", "target", "copy"),
    Kind.DELETE: ("check", "delete"),
    Kind.IMPORT: ("verify", "import"),
    Kind.SAVE: ("fetch", "store"),
}
# An engine logs in as part of its push, so there is no step to show for it.
_ENGINE_NAMES = {
    Kind.PUSH: ("push",),
    Kind.PUBLISH: ("tag", "push"),
}


class Steps:
    """The steps of a transfer, each with its state and a detail of its result."""

    def __init__(self, *names: str) -> None:
        self._steps = {name: {"name": name, "state": "waiting", "detail": ""} for name in names}

    @classmethod
    def of(cls, transfer: Transfer) -> "Steps":
        """Return the waiting steps of the transfer's kind; a pull and a tag have none."""
        names = _NAMES | _ENGINE_NAMES if transfer.engine else _NAMES
        return cls(*names.get(Kind(transfer.kind), ()))

    def begin(self, name: str) -> None:
        self._steps[name]["state"] = "running"

    def complete(self, name: str, detail: str = "") -> None:
        self._steps[name].update(state="done", detail=detail)

    def fail_running(self) -> None:
        # The steps after it stay waiting: they have not begun.
        for step in self._steps.values():
            if step["state"] == "running":
                step["state"] = "failed"

    def as_list(self) -> list[dict[str, str]]:
        return [dict(step) for step in self._steps.values()]
