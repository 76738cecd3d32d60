"""A client of the OCI distribution and image specifications on `requests`, without Django."""
