"""Notices: a sentence to people when a mirror's run ends, by e-mail, webhook, chat. Each is a row that a worker sends."""
