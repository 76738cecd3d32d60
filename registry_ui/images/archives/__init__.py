"""Archives of images: resumable imports, and exports that are never stored."""
