"""The index: what a registry holds, looked at in the background and kept in rows."""
