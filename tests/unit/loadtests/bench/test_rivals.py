"""Whoever the edge is compared with keeps the edge's promises, in the edge's own words where it is HAProxy as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from balancer.settings import read
from loadtests.bench.contestants import CONTESTANTS, DEPLOYED
from loadtests.bench.rendered import rendered

IMAGE = Path(__file__).parents[4] / "loadtests" / "bench" / "image"

ONLY_THE_EDGE = {
    # What its balancer reads and writes while it runs.
    "global: description ID",
    "global: stats socket /run/ringmaster/runtime.sock mode 660 level admin",
    "global: stats timeout 10s",
    "frontend exporter: …",
    # The balancer's own paths.
    "frontend public: acl control path /rep /add /rm",
    "frontend public: use_backend control if control",
    # A request that goes round to the next server of the walk.
    "frontend again: …",
    "backend fleet: retries 1",
    "backend fleet: force-persist if { nbsrv eq 1 }",
    "backend fleet: force-persist if { var(txn.only) -m int eq 1 }",
    "backend fleet: acl repeated var(txn.left) -m found",
    "backend fleet: acl is_lost nbsrv eq 1",
    "backend fleet: acl is_lost srv_is_up(fleet/_again),add(0) -m int eq 0",
    "backend fleet: http-request disable-l7-retry if !{ method GET HEAD PUT DELETE OPTIONS TRACE } is_lost",
    "backend fleet: tcp-response content set-var(txn.got) int(1)",
    "backend fleet: acl from_again srv_id 1",
    "backend fleet: http-response set-var(txn.by) res.fhdr(X-Ringmaster-By) if from_again",
    "backend fleet: acl is_told_by var(txn.by) -m found",
    "backend fleet: http-response del-header X-Ringmaster-By if is_told_by",
    "backend fleet: http-response allow if is_told_by",
    (
        'backend fleet: http-response set-var-fmt(txn.by) "%[srv_name]/%[var(txn.attempt)]/%[var(txn.why)]" '
        "if { var(txn.attempt) -m int gt 0 }"
    ),
    "backend fleet: http-response set-header X-Ring-Attempt 1",
    (
        "backend fleet: server _again abns@_again id 1 pool-max-conn 0 send-proxy-v2 set-proxy-v2-tlv-fmt(0xE0) "
        '"%[var(txn.asked,0)]:%[var(txn.slot)]:%[var(txn.tries,1)]:%[var(txn.got,0)]:%rc:%[var(txn.sent,0)]:%[var(txn.why)]'
        ':%[var(txn.start,1)]:%[var(txn.tried)]/%[var(txn.server)]"'
    ),
    "backend control: …",
    "frontend control_port: …",
    "backend behind_control_port: …",
    # What servers of h2c need.
    (
        "backend fleet: http-request del-header TE if { req.fhdr(TE) -m found } "
        "!{ str(h2c/),concat(,txn.server),map(/run/ringmaster/slots.map) -m found }"
    ),
    # The key, which is counted where it is missing, and the way from it to the server.
    "frontend public: http-request set-var(txn.key) req.fhdr(X-User)",
    "backend keyless: …",
    "backend traffic: …",
    "backend fleet: balance first",
    "backend fleet: acl keyed var(txn.key),length gt 0",
    "backend fleet: http-request set-var(txn.keyless) str(random) unless keyed",
    "backend fleet: acl is_keyless var(txn.keyless) -m found",
    "backend fleet: http-request track-sc0 str(missing) table keyless if is_keyless !repeated",
    "backend fleet: http-request set-var-fmt(txn.key) %[rand(900000),add(100000)] if is_keyless",
    "backend fleet: http-request set-var(txn.slot,ifnotexists) var(txn.key),crc32,mod(512) if keyed",
    "backend fleet: http-request set-var(txn.slot,ifnotexists) var(txn.key),crc32,mod(512)",
    (
        "backend fleet: http-request track-sc0 var(txn.key),xxh32,hex,bytes(8),concat(:,txn.slot) table traffic "
        "if { rand(16) eq 0 } keyed"
    ),
    (
        "backend fleet: http-request set-var(txn.server,ifnotexists) "
        "var(txn.slot),map(/run/ringmaster/slots.map),word(1,:)"
    ),
    "backend fleet: http-request allow if { var(txn.server) -m found } is_whole !{ var(txn.rare) -m found }",
    "backend fleet: http-request deny deny_status 503 unless { var(txn.server) -m found }",
    "backend fleet: use-server %[var(txn.server)] if TRUE",
    "backend fleet: http-response set-header X-Ring-Slot %[var(txn.slot)]",
}
ONLY_THE_EDGE_IN_HTTP_2 = {
    # The rival needs no bound: the benchmark does not speak HTTP/2.
    'frontend public: acl is_full be_conn(fleet) ge "${RINGMASTER_CLIENTS-40000}"',
    'frontend public: acl is_full be_conn(control) ge "${RINGMASTER_CLIENTS-40000}"',
    (
        "frontend public: http-request return status 503 content-type application/json string "
        '\'{"message":"<Error> The edge has as many requests as it can hold. Try again in a moment",'
        '"status":"failure"}\' '
        "if { fc_http_major 2 } is_full"
    ),
}
ONLY_THE_RIVAL = {
    "backend fleet: balance hash req.fhdr(X-User)",
    "backend fleet: hash-type consistent",
    "backend fleet: retries 2",
    "backend fleet: http-request disable-l7-retry unless { method GET HEAD PUT DELETE OPTIONS TRACE }",
    "backend fleet: force-persist if { nbsrv eq 0 }",
    "backend fleet: http-request allow if is_whole !{ var(txn.rare) -m found }",
    "backend fleet: http-request del-header TE if { req.fhdr(TE) -m found }",
    "backend fleet: http-response set-header X-Ring-Attempt %[txn.conn_retries,add(1)]",
}


def edge(bufsize: int) -> list[str]:
    """What the balancer renders for the fleet of the benchmark with its usual settings."""
    text = rendered(bufsize=bufsize).configuration
    return lines(re.sub("description [0-9a-f]+", "description ID", text).replace(" !control", ""))


def rival(name: str) -> list[str]:
    """The configuration that its command makes of the file."""
    text = (IMAGE / "haproxy.cfg").read_text(encoding="utf-8")
    for old, new in re.findall("s/([^/]+)/([^/]+)/", " ".join(CONTESTANTS[name].command)):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return lines(text)


def lines(text: str) -> list[str]:
    """Without comments, in order, each with its section; what only the edge has as a whole is one line."""
    found: list[str] = []
    section = ""
    for line in text.splitlines():
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        if not line.startswith(" "):
            section = words
        elif f"{section}: …" not in ONLY_THE_EDGE:
            found.append(f"{section}: {words}")
        elif f"{section}: …" not in found:
            found.append(f"{section}: …")
    return found


@pytest.mark.parametrize(
    ("name", "of", "ours_alone"),
    [
        ("haproxy", "edge", ONLY_THE_EDGE),
        ("haproxy-16k", "edge-16k", ONLY_THE_EDGE | ONLY_THE_EDGE_IN_HTTP_2),
    ],
)
def test_haproxy_says_what_the_edge_says_but_for_what_chooses_the_server(
    name: str, of: str, ours_alone: set[str]
) -> None:
    theirs, ours = rival(name), edge(DEPLOYED[of]["bufsize"])
    assert set(ours) - set(theirs) == ours_alone
    assert set(theirs) - set(ours) == ONLY_THE_RIVAL
    shared = [line for line in ours if line not in ours_alone]
    assert [line for line in theirs if line not in ONLY_THE_RIVAL] == shared


def test_the_edge_takes_part_as_it_comes() -> None:
    assert DEPLOYED["edge"] == {"bufsize": read({}).bufsize}


PROMISES = {
    "nginx.conf": """
        client_header_timeout 10s;
        keepalive_timeout 60s;
        proxy_connect_timeout 250ms;
        proxy_read_timeout 60s;
        proxy_next_upstream error timeout invalid_header;
        proxy_next_upstream_tries 6;
        server S1:5000 max_fails=3 fail_timeout=1s;
        server S2:5000 max_fails=3 fail_timeout=1s;
        server S3:5000 max_fails=3 fail_timeout=1s;
        proxy_socket_keepalive on;
        keepalive 1024;
        proxy_set_header Connection "";
        proxy_set_header Keep-Alive "";
        proxy_set_header Proxy-Connection "";
        proxy_set_header Proxy-Authorization "";
        proxy_set_header TE "";
        proxy_set_header X-Request-ID $the_request_id;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Host $the_host;
        proxy_set_header X-Forwarded-Proto $the_proto;
        add_header X-Served-By $upstream_addr;
    """,
    "envoy.yaml": """
        request_headers_timeout: 10s
        common_http_protocol_options: {idle_timeout: 60s}
        connect_timeout: 0.25s
        stream_idle_timeout: 60s
        retry_on: connect-failure,reset
        num_retries: 5
        interval: 1s
        timeout: 3s
        unhealthy_threshold: 3
        healthy_threshold: 1
        http_health_check: {path: /heartbeat}
        consecutive_local_origin_failure: 3
        upstream_connection_options: {tcp_keepalive: {keepalive_time: 1, keepalive_interval: 1, keepalive_probes: 2}}
        request_headers_to_remove: [keep-alive, proxy-connection, proxy-authorization, te]
        preserve_external_request_id: true
        use_remote_address: true
        header: {key: X-Forwarded-Host, value: "%REQ(:AUTHORITY)%"}
        append_action: ADD_IF_ABSENT
        header: {key: X-Served-By, value: "%UPSTREAM_HOST%"}
        header: {key: X-Ring-Attempt, value: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"}
    """,
    "Caddyfile": """
        read_header 10s
        idle 60s
        dial_timeout 250ms
        response_header_timeout 60s
        lb_retries 5
        method GET HEAD PUT DELETE OPTIONS TRACE
        health_uri /heartbeat
        health_interval 1s
        health_timeout 3s
        health_fails 3
        keepalive 60s
        keepalive_interval 1s
        keepalive_idle_conns_per_host 1024
        @anonymous not header X-Request-ID *
        request_header @anonymous X-Request-ID {http.request.uuid}
        header_down X-Served-By {http.reverse_proxy.upstream.hostport}
    """,
}
"""What each says of the edge's times, retries, checks, kept connections and headers. What it does by itself, or cannot
do, is not here; contestants.py tells what it cannot."""


@pytest.mark.parametrize("file", PROMISES)
def test_the_others_keep_its_promises_in_their_own_words(file: str) -> None:
    text = (IMAGE / file).read_text(encoding="utf-8")
    said = {line.partition("  #")[0].strip().removeprefix("- ") for line in text.splitlines()}
    promised = {line.strip() for line in PROMISES[file].strip().splitlines()}
    assert promised - said == set()
