"""Contents of one artifact for its pages, read from its stored documents.

Anybody may have written the documents. Only the list of referrers uses the network.
"""
