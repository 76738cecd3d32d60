"""What the pages of a registry and of a repository list, and in which order: read from the index alone."""
