"""Texts that no page of the product sends, for the parameters of many views."""

import uuid
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from typing import Any

ODD_TEXTS = (
    "",
    "\x00",
    "'",
    "%",
    "9" * 5000,
    "-1",
    "[",
    "http://[x",
    "\N{RIGHT-TO-LEFT OVERRIDE}<b>",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a" * 3000,
    f"0001-01-01T00:00:00+14:00_{uuid.UUID(int=0)}",
    f"9999-12-31T23:59:59-14:00_{uuid.UUID(int=0)}",
)


def distribute(parameters: Iterable[Any], count: int = 1) -> Iterator[tuple[Any, str]]:
    """Return every parameter with the next `count` texts, so that every text is tried."""
    texts = cycle(ODD_TEXTS)
    for parameter in parameters:
        for text in islice(texts, count):
            yield parameter, text
