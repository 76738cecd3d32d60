"""Mirrors: what to select, how to name it, what would move, moving it, and how far both sides are apart."""
