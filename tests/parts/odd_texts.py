"""Texts that no page of the product sends, and how they are spread over many parameters."""

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


def spread(places: Iterable[Any], each: int = 1) -> Iterator[tuple[Any, str]]:
    """Give each place the next texts in turn: every text is tried somewhere, every place is tried with some."""
    texts = cycle(ODD_TEXTS)
    for place in places:
        for text in islice(texts, each):
            yield place, text
