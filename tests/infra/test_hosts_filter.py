"""Which hosts of an inventory plays run on, and how a remote one is reached: filters of the collection."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError  # type: ignore[import-untyped]

from tests.infra.filters import loaded

filters = loaded("hosts")


def test_hosts_outside_the_group_are_left_alone() -> None:
    groups = {"all": ["box", "database"], "ringmaster": ["box"], "databases": ["database"]}
    assert filters.hosts(groups) == filters.builders(groups) == ["box"]


def test_the_groups_of_a_swarm_need_no_other_group() -> None:
    groups = {"all": list("abcd"), "swarm_managers": ["a", "b"], "swarm_workers": ["c"], "swarm_leaving": ["d"]}
    assert filters.hosts(groups) == list("abcd")
    assert filters.builders(groups) == ["a"]


def test_a_host_in_both_is_one_host() -> None:
    assert filters.hosts({"ringmaster": ["a", "b"], "swarm_managers": ["b", "a"]}) == ["a", "b"]


@pytest.mark.parametrize("choose", [filters.hosts, filters.builders])
def test_an_inventory_without_the_group_is_told_how_to_write_it(choose: object) -> None:
    assert callable(choose)
    with pytest.raises(AnsibleFilterError, match=r"no host in the group ringmaster.*ringmaster: \{hosts:"):
        choose({"all": ["box"], "ringmaster": []})


@pytest.mark.parametrize(
    ("url", "published", "host", "reached"),
    [
        ("http://127.0.0.1:5000", "0.0.0.0", "box.example.net", "http://box.example.net:5000"),  # noqa: S104 (a URL's)
        ("https://[::1]:5001", "::", "2001:db8::7", "https://[2001:db8::7]:5001"),
        ("http://127.0.0.1:5000/control", "0.0.0.0", "box", "http://box:5000/control"),  # noqa: S104 (a URL's)
        ("http://127.0.0.1:5000", "127.0.0.1", "box.example.net", "http://127.0.0.1:5000"),
        ("http://192.0.2.7:5000", "192.0.2.7", "box.example.net", "http://192.0.2.7:5000"),
        ("http://127.0.0.1:5000", "0.0.0.0", "", "http://127.0.0.1:5000"),  # noqa: S104 (a URL's)
    ],
)
def test_what_is_published_on_every_address_is_reached_by_the_hosts_own(
    url: str, published: str, host: str, reached: str
) -> None:
    assert filters.reached(url, published, host) == reached
