"""Work that RQ carries and rows remember: what transfers and index runs have in common."""
