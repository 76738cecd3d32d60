from tests.transfers.mirrors.form_rows import (  # noqa: F401 - fixtures
    filled,
    source,
    target,
)
