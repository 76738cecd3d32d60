from registry_ui.tags import parse_tag


def test_the_system_is_named_by_family_and_release():
    assert (parse_tag("17-bookworm").system, parse_tag("17-bookworm").system_release) == (
        "debian",
        "12",
    )
    assert (parse_tag("17-alpine3.20").system, parse_tag("17-alpine3.20").system_release) == (
        "alpine",
        "3.20",
    )
    assert parse_tag("1.23-nanoserver-ltsc2022").system_release == "ltsc2022"
    assert parse_tag("1.27").system == ""
