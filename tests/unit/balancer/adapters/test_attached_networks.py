"""The networks of a container, from Linux's own file."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from balancer.adapters.attached_networks import AttachedNetworks

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
LINE = "eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
ANOTHER = "eth1\t000013AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"


def test_a_network_that_is_connected_later_counts(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    routes.write_text(HEAD + LINE)
    attached = AttachedNetworks(routes)
    assert attached().networks == (IPv4Network("172.18.0.0/16"),)
    routes.write_text(HEAD + LINE + ANOTHER)
    assert attached().networks == (IPv4Network("172.18.0.0/16"), IPv4Network("172.19.0.0/16"))


def test_this_machines_own_file_can_be_read() -> None:
    assert AttachedNetworks()() == AttachedNetworks(Path("/proc/self/net/route"))()
