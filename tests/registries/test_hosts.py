import pytest

from registry_ui.oci.errors import InvalidReference
from registry_ui.registries.hosts import read_host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("registry.example.com", "registry.example.com"),
        ("Registry.Example.com:5000", "registry.example.com:5000"),
        ("https://registry.example.com/", "registry.example.com"),
        ("https://registry.example.com/v2/?x=1#y", "registry.example.com"),
        ("http://10.0.0.5:5000", "10.0.0.5:5000"),
        ("https://alice:secret@registry.example.com/v2/", "registry.example.com"),
        ("registry.example.com/team/app:1.0", "registry.example.com"),
        ("https://[fd00::1]:5000/v2/", "[fd00::1]:5000"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("https://hub.docker.com/r/library/nginx", "docker.io"),
    ],
)
def test_the_host_is_found_in_what_people_paste(text: str, host: str) -> None:
    assert read_host(text).name == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "https://",
        "a b",
        "https://exa mple.com",
        "registry.example.com:99999",
        "-x.example.com",
        "https:///v2/",
        "http://[x",
        "a]b://a]b",
        "http://\uff03a",
        "harbor",
        "https://harbor/v2/",
    ],
)
def test_a_text_without_a_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        read_host(text)


def test_it_says_whether_more_was_written_than_the_host() -> None:
    assert not read_host("registry.example.com").is_corrected
    assert read_host("https://registry.example.com").is_corrected
    assert read_host("http://registry.example.com").is_plain
