"""What the pages of one artifact say: read from its stored documents, which strangers wrote. No network but for referrers."""
