"""The supervisor, which starts, restarts and stops all programs.

`python -m registry_ui.supervisor` runs it. It does not import Django, so that it stays small and
starts fast.
"""
