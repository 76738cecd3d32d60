"""Tag lists of a scripted registry."""

import json
from collections.abc import Sequence

from .scripted_server import Reply

TAGS = "/v2/team/app/tags/list"


def page(tags: Sequence[object] | None, link: str = "") -> Reply:
    """Return one page of the tags of team/app."""
    headers = {"Link": link} if link else {}
    return Reply(body=json.dumps({"name": "team/app", "tags": tags}).encode(), headers=headers)
