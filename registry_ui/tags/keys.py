"""Order keys as bytes: what a database sorts and ranges by, the same in every collation."""

from .ordering import OrderKey, order_key, stage_key, version_numbers
from .tag import Tag

_ZERO = 0x80
_LONGEST = 0x7E


def sort_key(tag: Tag) -> bytes:
    """Bytes that compare as `order_key` does. Two tags with different text never share a key."""
    return encode(order_key(tag))


def version_key(tag: Tag) -> bytes | None:
    """Bytes that compare as versions do, a release candidate below its release; None where the tag has no version."""
    return encode((version_numbers(tag), stage_key(tag))) if tag.version else None


def encode(key: OrderKey) -> bytes:
    """Bytes in the order of the tuple: of integers, texts and such tuples, alike at the same place in each key.

    Every item begins with a byte above zero, and zero ends a tuple or a text, so that the shorter of two comes first.
    """
    return b"".join(_item(item) for item in key) + b"\0"


def _item(item: object) -> bytes:
    if isinstance(item, tuple):
        return b"\1" + encode(item)
    if isinstance(item, str):
        text: bytes = item.encode("utf-8", "replace")
        return b"\1" + text.replace(b"\0", b"\0\xff") + b"\0"
    assert isinstance(item, int)
    return _number(item)


def _number(number: int) -> bytes:
    """The length first, above or below 0x80 for the sign, then the digits; a negative's are turned round."""
    length = min((abs(number).bit_length() + 7) // 8, _LONGEST)
    digits: bytes = min(abs(number), 256**length - 1).to_bytes(length, "big")
    if number >= 0:
        return bytes([_ZERO + length]) + digits
    return bytes([_ZERO - length]) + bytes(0xFF - digit for digit in digits)
