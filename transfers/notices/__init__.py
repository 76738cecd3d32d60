"""Notifications about ended runs by e-mail, webhook or chat."""
