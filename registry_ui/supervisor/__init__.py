"""Starts everything with one command, starts again what dies, and takes all of it down: `python -m registry_ui.supervisor`.

Knows no Django, so that it stays small while the programs it watches come and go.
"""
