"""The audit log as people read it: filters, sentences, links and export files."""
