"""Images in and out by archive: uploads that go on where they were cut off, what they hold, and exports that are never stored."""
