"""The cache's serializer: JSON, so that nothing in Redis can run code here."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class JSONSerializer:
    """For Django's Redis cache. Whole numbers stay native: Redis itself increments them."""

    def dumps(self, obj: Any) -> int | bytes:
        if type(obj) is int:
            return obj
        return json.dumps(obj, cls=DjangoJSONEncoder, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
