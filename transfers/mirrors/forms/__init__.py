from .mirror import MirrorForm

__all__ = ["MirrorForm"]
