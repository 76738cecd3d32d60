"""The index: the repositories, tags and artifacts of every registry, fetched in the background."""
