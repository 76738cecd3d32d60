"""The serializer of the cache: JSON, because unpickling data from Redis could run code."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class JSONSerializer:
    """A JSON serializer for Django's Redis cache. Integers stay native: Redis increments them."""

    def dumps(self, obj: Any) -> int | bytes:
        # A bool is an int too, but Redis has none.
        if type(obj) is int:
            return obj
        return json.dumps(obj, cls=DjangoJSONEncoder, separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
