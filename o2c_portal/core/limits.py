"""How often a public page may be asked: counts in two windows, keyed by a network, not by a person."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """At most ``count`` hits in any ``seconds``."""

    count: int
    seconds: int


LIMITS = {
    "code_address": Limit(5, 600),
    "code_network": Limit(20, 600),
    "code_all": Limit(600, 60),
    "link_miss_network": Limit(60, 600),
    "link_miss_all": Limit(600, 600),
    "seen_link": Limit(60, 3600),
    "start_link": Limit(10, 3600),
    "start_account": Limit(20, 3600),
    "credits_account": Limit(20, 3600),
    "transfer": Limit(20, 3600),
    "start_address": Limit(20, 3600),
    "statement_pdf": Limit(20, 600),
    "account_pdf": Limit(60, 3600),
    "contact_save": Limit(30, 3600),
    "contact_add": Limit(20, 86400),
    "contact_change": Limit(5, 86400),
    "contact_answer": Limit(10, 3600),
    "customer_request": Limit(5, 86400),
    "own_limits": Limit(30, 3600),
    "plan_answer": Limit(20, 3600),
    "plan_wish": Limit(60, 3600),
    "send_test": Limit(30, 3600),
    "offer_seen": Limit(60, 3600),
    "offer_stop": Limit(20, 3600),
}


@dataclass(frozen=True)
class Breaker:
    """Trips when more than ``count``, and more than ``percent``, of what ended in the last ``seconds`` was declined."""

    count: int
    percent: int
    seconds: int

    def trips(self, declined, ended):
        """Say whether so many declines among all that ended look like somebody who tries out cards."""
        return declined > self.count and declined * 100 > ended * self.percent


DECLINES_OF_ALL = Breaker(50, 30, 600)
DECLINES_PER_LINK = Limit(3, 3600)
DECLINES_PER_PAYER = Limit(5, 3600)


def exceeded(limit, current, previous, elapsed):
    """Say whether the current hit is one too many.

    The hits of the previous window count for the part of it that is still less than one period ago.

    :param int current: hits in this window, this one included
    :param int previous: hits in the window before
    :param float elapsed: seconds since this window began
    """
    overlap = max(0.0, 1.0 - elapsed / limit.seconds)
    return current + previous * overlap > limit.count


def networks(address):
    """Return the keys ``(host, network)`` of an IP address: IPv4 /32 and /24, IPv6 /64 and /48.

    :raises ValueError: if it is not an IP address
    """
    ip = _parse(address)
    lengths = (32, 24) if ip.version == 4 else (64, 48)
    return tuple(str(ipaddress.ip_network(f"{ip}/{length}", strict=False)) for length in lengths)


def is_public(address):
    """Say whether the address is one of the internet, that is: of a visitor and not of our own proxy."""
    try:
        return _parse(address).is_global
    except ValueError:
        return False


def _parse(address):
    """Return an IP address. A server that listens for both kinds writes IPv4 as ``::ffff:203.0.113.9``: taken for IPv6,
    all of them would be one network."""
    ip = ipaddress.ip_address(address)
    return getattr(ip, "ipv4_mapped", None) or ip
