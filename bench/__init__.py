"""Speed and memory: pull and push side by side with skopeo in the same run, the index, the pages: `make bench`. Nothing here is a test."""
