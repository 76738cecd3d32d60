"""The trail as people read it: filtered, in sentences, with links, and as a file."""
