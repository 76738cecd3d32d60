from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One mirror of a file.

    Args:
        values: columns of the model, without the two registries.
        source, target: their hosts; an empty target is the local images.
        warnings: what the import drops, a sentence each.
        problem: why the entry cannot be imported.
    """

    name: str
    source: str = ""
    target: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    source_login: str = ""
    target_login: str = ""
    warnings: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def is_importable(self) -> bool:
        return not self.problem
