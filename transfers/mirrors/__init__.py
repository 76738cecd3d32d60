"""Mirrors: selection, naming, preview, runs, schedules, webhooks and pages."""
