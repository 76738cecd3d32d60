"""Speed and memory of pull and push, side by side with skopeo in the same run: `make bench`. Nothing here is a test."""
