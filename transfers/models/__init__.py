from registry_ui.jobs.models import ACTIVE_STATES, TERMINAL_STATES, State

from .transfer import Kind, Transfer, transfer_finished

__all__ = ["ACTIVE_STATES", "TERMINAL_STATES", "Kind", "State", "Transfer", "transfer_finished"]
