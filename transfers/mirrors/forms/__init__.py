from .rule import MirrorForm

__all__ = ["MirrorForm"]
