"""The OCI image and distribution specs on `requests`. Knows no Django: it could be published alone."""
