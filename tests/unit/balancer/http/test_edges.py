"""GET /edges, and the nodes in the other documents."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.unit.balancer.in_memory import InMemoryBalancer, control_app
from tests.unit.balancer.service.test_several_hosts import on_nodes


def test_on_one_host_there_are_none(control: FlaskClient) -> None:
    assert control.get("/edges").text == '{"edges":[]}'


def test_every_edge_is_told_byte_for_byte() -> None:
    balancer = on_nodes()
    balancer.edges.lose("w2", silent_for=4.26)
    balancer.edges.forget("w3")
    balancer.edges.change("w1", in_step=False, problem="it is late")
    assert control_app(balancer).test_client().get("/edges").text == (
        '{"edges":[{"node":"w1","leased":true,"serving":true,"in_step":false,"silent_for":0.0,"problem":"it is late"},'
        '{"node":"w2","leased":false,"serving":true,"in_step":true,"silent_for":4.3,"problem":""}]}'
    )


def test_servers_are_told_with_their_nodes() -> None:
    balancer = on_nodes()
    control = control_app(balancer).test_client()
    where = {name: container.node for name, container in balancer.runtime.observe().items()}
    assert sorted(where.values()) == ["w1", "w2", "w3"]
    for path in ("/ring", "/load"):
        document = control.get(path).get_json()
        assert {server["hostname"]: server["node"] for server in document["servers"]} == where
    assert control.patch("/servers/S1", json={"weight": 2}).get_json()["node"] == where["S1"]
    events = control.get("/events?kind=joined").get_json()["events"]
    assert {event["server"]: event["node"] for event in events} == where


def test_a_rolled_server_is_where_its_new_container_is() -> None:
    balancer = on_nodes()
    balancer.runtime.nodes = ["w4"]
    balancer.rollout.begin({"memory": "64m"})
    while balancer.rollout.carry_out_surge():
        balancer.step()
    control = control_app(balancer).test_client()
    servers = control.get("/ring").get_json()["servers"]
    assert {server["node"] for server in servers if server["state"] == "serving"} == {"w4"}


def test_metrics_tell_of_each_edge() -> None:
    balancer = on_nodes()
    balancer.edges.lose("w2")
    text = control_app(balancer).test_client().get("/metrics").text
    assert "\nringmaster_edges 2.0\n" in text
    assert '\nringmaster_edge_leased{node="w2"} 0.0\n' in text
    assert '\nringmaster_edge_in_step{node="w1"} 1.0\n' in text


def test_a_lost_edge_is_among_the_ailments_and_the_balancer_stays_ready() -> None:
    balancer: InMemoryBalancer = on_nodes()
    balancer.edges.lose("w2", silent_for=3.0)
    balancer.edge_watch.round()
    answer = control_app(balancer).test_client().get("/readyz")
    assert answer.status_code == 200
    document = answer.get_json()
    assert document["ailments"]["edges"].startswith("the edge on w2 is lost")
    assert "docker node ls" in document["remedies"]["edges"]
