"""The small files of an archive, and the names in them."""

import pytest

from registry_ui.oci.archive.documents import Documents, blob_path, checked_tag, complete_name
from registry_ui.oci.archive.limits import ArchiveLimits
from registry_ui.oci.archive.tar import members_of
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import InvalidArchive
from tests.parts import archives


@pytest.fixture
def documents_of(archive_file):
    def make(files, limit=1000):
        file = archive_file(archives.tar(*(archives.entry(*item) for item in files.items())))
        return Documents(file, members_of(file, ArchiveLimits()), limit)

    return make


def test_a_document_is_read_to_the_limit_and_no_further(documents_of):
    documents = documents_of({"small": b"x" * 10, "large": b"x" * 11}, limit=10)

    assert documents.read("small") == b"x" * 10
    with pytest.raises(InvalidArchive, match=r"^archive_document_too_large name=large "):
        documents.read("large")
    with pytest.raises(InvalidArchive, match=r"^archive_member_missing name=absent$"):
        documents.read("absent")


def test_all_documents_together_have_a_limit_and_repeated_ones_count_once(documents_of):
    documents = documents_of({str(number): b"x" * 10 for number in range(17)}, limit=10)

    for number in range(16):
        assert documents.read(str(number)) == documents.read(str(number)) == b"x" * 10
    with pytest.raises(InvalidArchive, match=r"^archive_manifests_too_large "):
        documents.read("16")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 900])
def test_what_is_no_json_is_refused_with_its_name(documents_of, content):
    with pytest.raises(InvalidArchive, match=r"^archive_document_unreadable name=index\.json$"):
        documents_of({"index.json": content}).json("index.json")


def test_a_manifest_is_compared_with_the_digest_of_its_path(documents_of):
    built = archives.GOOD
    digest = Digest.parse(built.digest)

    manifest = documents_of({blob_path(digest): built.content}, 5000).manifest(digest)

    assert (str(manifest.digest), manifest.raw) == (built.digest, built.content)
    with pytest.raises(InvalidArchive, match=r"^archive_content_damaged "):
        documents_of({blob_path(digest): built.content + b" "}, 5000).manifest(digest)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("registry.example.com/team/app:1.0", "registry.example.com/team/app:1.0"),
        ("app:1.0", "docker.io/library/app:1.0"),
        ("latest", None),
        ("UPPER/case:1", None),
        ("../../etc/passwd", None),
        ("", None),
        (None, None),
        (["app:1"], None),
    ],
)
def test_a_complete_name_has_a_repository(text, name):
    reference = complete_name(text)

    assert (str(reference) if reference else None) == name


@pytest.mark.parametrize(
    ("text", "tag"),
    [("1.0", "1.0"), ("a/b", ""), ("../x", ""), ("x" * 129, ""), ("", ""), (None, ""), (7, "")],
)
def test_anything_but_a_tag_is_left_out(text, tag):
    assert checked_tag(text) == tag
