"""The texts about errors."""

from .describe import ErrorText, describe

__all__ = ["ErrorText", "describe"]
