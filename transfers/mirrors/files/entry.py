from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One rule as a file has it.

    Args:
        values: of the model's columns, without the two registries.
        source, target: their hosts; an empty target is the local store.
        remarks: what could not be carried over, a sentence each.
        problem: why it cannot be imported at all.
    """

    name: str
    source: str = ""
    target: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    source_login: str = ""
    target_login: str = ""
    remarks: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def can_be_made(self) -> bool:
        return not self.problem
