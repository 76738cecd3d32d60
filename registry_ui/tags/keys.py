"""Order keys as bytes: what a database sorts and ranges by, the same in every collation."""

from collections.abc import Sequence

from .ordering import BELOW_ALL, OrderKey, order_key, stage_key, version_numbers
from .tag import Tag

_OPEN = b"\1"
_ZERO = 0x80
_LONGEST = 0x7E


def sort_key(tag: Tag) -> bytes:
    """Bytes that compare as `order_key` does. Two tags with different text never share a key."""
    return encode(order_key(tag))


def version_key(tag: Tag) -> bytes | None:
    """Bytes that compare as versions do, a release candidate below its release; None where the tag has no version."""
    return encode((version_numbers(tag), stage_key(tag))) if tag.version else None


def line_prefix(numbers: Sequence[int]) -> bytes:
    """What the version keys of a line begin with: of (1, 27) those of 1.27, 1.27.3 and 1.27.3-rc1, and no others."""
    return _OPEN + _items(_entries(numbers))


def stage_prefix(numbers: Sequence[int], stage: OrderKey) -> bytes:
    """What the version keys of one version in full at one stage begin with."""
    return _OPEN + encode((*_entries(numbers), BELOW_ALL)) + _OPEN + _items(stage)


def encode(key: OrderKey) -> bytes:
    """Bytes in the order of the tuple: of integers, texts and such tuples, alike at the same place in each key.

    Every item begins with a byte above zero, and zero ends a tuple or a text, so that the shorter of two comes first.
    """
    return _items(key) + b"\0"


def _entries(numbers: Sequence[int]) -> OrderKey:
    return tuple((0, number) for number in numbers)


def _items(key: OrderKey) -> bytes:
    return b"".join(_item(item) for item in key)


def _item(item: object) -> bytes:
    if isinstance(item, tuple):
        return _OPEN + encode(item)
    if isinstance(item, str):
        text: bytes = item.encode("utf-8", "replace")
        return _OPEN + text.replace(b"\0", b"\0\xff") + b"\0"
    assert isinstance(item, int)
    return _number(item)


def _number(number: int) -> bytes:
    """The length first, above or below 0x80 for the sign, then the digits; a negative's are turned round."""
    length = min((abs(number).bit_length() + 7) // 8, _LONGEST)
    digits: bytes = min(abs(number), 256**length - 1).to_bytes(length, "big")
    if number >= 0:
        return bytes([_ZERO + length]) + digits
    return bytes([_ZERO - length]) + bytes(0xFF - digit for digit in digits)
