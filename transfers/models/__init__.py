from registry_ui.jobs.models import ACTIVE_STATES, TERMINAL_STATES, State

from .transfer import Kind, Transfer

__all__ = ["ACTIVE_STATES", "TERMINAL_STATES", "Kind", "State", "Transfer"]
