import pytest

from registry_ui.oci.address_scope import AddressScope, address_scope


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("93.184.216.34", AddressScope.PUBLIC),
        ("2606:2800:220:1::1", AddressScope.PUBLIC),
        ("10.0.0.5", AddressScope.PRIVATE),
        ("172.16.3.4", AddressScope.PRIVATE),
        ("192.168.1.1", AddressScope.PRIVATE),
        ("100.64.0.1", AddressScope.PRIVATE),
        ("fc00::1", AddressScope.PRIVATE),
        ("127.0.0.1", AddressScope.LOOPBACK),
        ("127.8.8.8", AddressScope.LOOPBACK),
        ("::1", AddressScope.LOOPBACK),
        ("::ffff:127.0.0.1", AddressScope.LOOPBACK),
        ("64:ff9b::7f00:1", AddressScope.LOOPBACK),
        ("2002:7f00:1::", AddressScope.LOOPBACK),
        ("169.254.169.254", AddressScope.NEVER),
        ("::ffff:169.254.169.254", AddressScope.NEVER),
        ("fe80::1%eth0", AddressScope.NEVER),
        ("fd00:ec2::254", AddressScope.NEVER),
        ("100.100.100.200", AddressScope.NEVER),
        ("168.63.129.16", AddressScope.NEVER),
        ("0.0.0.0", AddressScope.NEVER),
        ("0.1.2.3", AddressScope.NEVER),
        ("::", AddressScope.NEVER),
        ("224.0.0.1", AddressScope.NEVER),
        ("255.255.255.255", AddressScope.NEVER),
    ],
)
def test_scope_of_an_address(address, reach):
    assert address_scope(address) is reach
