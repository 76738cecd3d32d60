"""Order keys as bytes, by which a database sorts and selects, independent of its collation."""

from collections.abc import Sequence

from .order import BELOW_ALL, OrderKey, order_key, stage_key, version_numbers
from .tag import Tag

_OPEN = b"\1"
_ZERO = 0x80
# The length byte must stay between 0x02 and 0xFE.
_LONGEST = 0x7E


def sort_key(tag: Tag) -> bytes:
    """Return bytes that compare as `order_key` does. Different tags never share a key."""
    return encode(order_key(tag))


def version_key(tag: Tag) -> bytes | None:
    """Return bytes that compare as versions do; None if the tag has no version.

    A release candidate is below its release.
    """
    return encode((version_numbers(tag), stage_key(tag))) if tag.version else None


def line_prefix(numbers: Sequence[int]) -> bytes:
    """Return the common prefix of the version keys of a line.

    For (1, 27) that is the prefix of 1.27, 1.27.3 and 1.27.3-rc1, and of no others.
    """
    return _OPEN + _items(_entries(numbers))


def stage_prefix(numbers: Sequence[int], stage: OrderKey) -> bytes:
    """Return the common prefix of the version keys of one full version at one stage."""
    return _OPEN + encode((*_entries(numbers), BELOW_ALL)) + _OPEN + _items(stage)


def encode(key: OrderKey) -> bytes:
    """Return bytes in the order of the tuple, which has integers, texts and such tuples.

    Items at the same position must have the same type in every key. Every item begins with a
    byte above zero, and zero ends a tuple or a text, so that the shorter one comes first.
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
        # NUL ends a text; one inside is followed by 0xFF, which is above every other item.
        return _OPEN + text.replace(b"\0", b"\0\xff") + b"\0"
    assert isinstance(item, int)
    return _number(item)


def _number(number: int) -> bytes:
    """Return the length, above or below 0x80 for the sign, followed by the digits.

    The digits of a negative number are inverted, so that the larger amount comes first.
    """
    length = min((abs(number).bit_length() + 7) // 8, _LONGEST)
    digits: bytes = min(abs(number), 256**length - 1).to_bytes(length, "big")
    if number >= 0:
        return bytes([_ZERO + length]) + digits
    return bytes([_ZERO - length]) + bytes(0xFF - digit for digit in digits)
