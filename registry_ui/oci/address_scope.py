"""The network that an IP address belongs to."""

import enum
import ipaddress

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# These services give the credentials of a cloud machine to any program on it.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
    )
)

# RFC 6890, "This host on this network": Linux connects to itself for 0.0.0.0.
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")

# RFC 6052 and RFC 8215: a gateway connects to the IPv4 address in the last 32 bits.
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


class AddressScope(enum.Enum):
    """The network that an address belongs to. Errors carry the value."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    NEVER = "reserved"


def address_scope(text: str) -> AddressScope:
    """Return the scope of an IP address; an IPv4 address inside an IPv6 one counts."""
    # A zone index (%eth0) is not part of the address.
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    # Metadata services hand out credentials of the cloud machine to anybody who asks.
    if (
        address in _METADATA
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
    ):
        return AddressScope.NEVER

    if address.is_loopback:
        return AddressScope.LOOPBACK
    if address.is_reserved or address in _THIS_NETWORK:
        return AddressScope.NEVER
    return AddressScope.PUBLIC if address.is_global else AddressScope.PRIVATE


def _unwrapped(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that a mapped, 6to4, Teredo, NAT64 or compatible one leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = (
        address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    )
    # RFC 4291, "IPv4-Compatible IPv6 Address": deprecated, but still an IPv4 address inside.
    is_compatible = int(address) >> 32 == 0 and int(address) > 1

    if inner is None and (is_compatible or any(address in network for network in _NAT64)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address
