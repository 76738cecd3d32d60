"""Lists of repositories and tags for the pages, read from the index alone."""
