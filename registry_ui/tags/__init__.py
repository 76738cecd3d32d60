"""Tags: parse, order, explain and select them. No network, no database, no Django."""

from .explanations import Explanation, describe_risk, explain_tag
from .keys import sort_key, version_key
from .order import natural_key, order_key, sort_tags
from .parser import parse_tag
from .ranges import InvalidRange, VersionRange
from .suffix import Group, Role, Suffix
from .suffixes import BY_NAME, SUFFIXES
from .tag import Kind, Movement, Piece, Tag, Version

__all__ = [
    "BY_NAME",
    "SUFFIXES",
    "Explanation",
    "Group",
    "InvalidRange",
    "Kind",
    "Movement",
    "Piece",
    "Role",
    "Suffix",
    "Tag",
    "Version",
    "VersionRange",
    "describe_risk",
    "explain_tag",
    "natural_key",
    "order_key",
    "parse_tag",
    "sort_key",
    "sort_tags",
    "version_key",
]
