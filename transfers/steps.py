"""The named steps of a transfer, as its page shows them."""


class Steps:
    """The named steps of a push or publish: waiting, running, done or failed, each with a word on how it went."""

    def __init__(self, *names: str) -> None:
        self._steps = {name: {"name": name, "state": "waiting", "detail": ""} for name in names}

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
