"""Every setting: its default, what it may be, and what a user is told about anything else."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from balancer.core.hash_seed import HashSeed
from balancer.core.rate_limit import RateLimit
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Ring
from balancer.settings import PREFIX, InvalidSetting, Settings, markdown, read, release_markdown

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"

DEFAULTS = {
    "deployment": "ringmaster",
    "name_prefix": "",
    "network": "ringmaster",
    "data_plane": "haproxy",
    "initial_servers": ("S1", "S2", "S3"),
    "max_servers": 64,
    "server_image": "ringmaster-server",
    "server_image_id": "",
    "pull_timeout": 600.0,
    "registry_config": "",
    "policy": {},
    "server_environment": {},
    "server_memory": "512m",
    "server_cpus": 0.0,
    "server_pids": 512,
    "server_port": 5000,
    "server_protocol": "http",
    "heartbeat_path": "/heartbeat",
    "heartbeat_host": "",
    "heartbeat_status": "200",
    "heartbeat_timeout": 0.4,
    "server_command": (),
    "server_entrypoint": (),
    "server_user": "",
    "server_working_dir": "",
    "server_volumes": (),
    "server_tmpfs": None,
    "server_capabilities": (),
    "server_read_only": True,
    "server_init": True,
    "server_stop_signal": "",
    "stop_timeout": 10,
    "server_labels": {},
    "server_log_driver": "json-file",
    "server_log_options": None,
    "spares": 0,
    "roll_surge": 1,
    "roll_batch": 1,
    "ring": {},
    "hash_seed": "",
    "autoscale": {},
    "slow_start": 0.0,
    "plugins": (),
    "heartbeat_interval": 0.2,
    "heartbeat_strikes": 2,
    "hang_timeout": 10.0,
    "start_grace": 30.0,
    "drain_timeout": 30.0,
    "response_timeout": 60.0,
    "stream_timeout": 3600.0,
    "server_max_connections": 0,
    "queue_timeout": 10.0,
    "server_keep_alive": True,
    "trusted_proxies": (),
    "max_connections": 0,
    "rate_limit": {},
    "control_prefix": "",
    "public_control": True,
    "bufsize": 8192,
    "unknown_path": "pass",
    "explain": True,
    "access_log": "errors",
    "traceparent": "make",
    "otlp_endpoint": "",
    "tls": False,
    "tls_port": 5443,
    "tls_redirect": False,
    "tls_client_ca": False,
    "tls_control": False,
    "token_sha256": "",
    "tokens_file": "",
    "control_hosts": (),
    "state_dir": "/var/lib/ringmaster",
    "edge_dir": "/run/ringmaster",
    "keeper_socket": "/run/keeper/keeper.sock",
    "runtime": "engine",
    "node_constraints": (),
    "edge_port": 5002,
    "edge_lease": 3.0,
    "edge_certificates": "/run/edges",
    "log_level": "info",
}

ACCEPTED = [
    ("deployment", "blue_2.test-1", "blue_2.test-1"),
    ("name_prefix", "blue-", "blue-"),
    ("data_plane", "flask", "flask"),
    ("initial_servers", "web_1, web-2 ,w3", ("web_1", "web-2", "w3")),
    ("initial_servers", "", ()),
    ("max_servers", "1000", 1000),
    ("server_image", f"registry.example:5000/app@sha256:{'0a' * 32}", f"registry.example:5000/app@sha256:{'0a' * 32}"),
    ("server_image_id", f"sha256:{'0a' * 32}", f"sha256:{'0a' * 32}"),
    ("pull_timeout", "1", 1.0),
    ("registry_config", "/etc/ringmaster/registry.json", "/etc/ringmaster/registry.json"),
    ("policy", '{"images":["shop"]}', {"images": ["shop"]}),
    ("keeper_socket", "/run/blue/keeper.sock", "/run/blue/keeper.sock"),
    ("heartbeat_path", "/", "/"),
    ("heartbeat_path", "/health?deep=1", "/health?deep=1"),
    ("server_environment", '{"A":"1","B":""}', {"A": "1", "B": ""}),
    ("server_memory", "256m", "256m"),
    ("server_cpus", "0.5", 0.5),
    ("server_pids", "0", 0),
    ("heartbeat_host", "app.example:8080", "app.example:8080"),
    ("heartbeat_status", "200-299,404", "200-299,404"),
    ("server_command", '["serve", "--fast"]', ("serve", "--fast")),
    ("server_user", "1000:1000", "1000:1000"),
    ("server_working_dir", "/srv/my app", "/srv/my app"),
    ("server_volumes", '["data:/data","/srv/shared:/shared:ro"]', ("data:/data", "/srv/shared:/shared:ro")),
    ("server_tmpfs", "{}", {}),
    ("server_tmpfs", '{"/scratch":"size=64m,exec","/run":""}', {"/scratch": "size=64m,exec", "/run": ""}),
    ("server_stop_signal", "SIGRTMIN+3", "SIGRTMIN+3"),
    ("server_stop_signal", "QUIT", "QUIT"),
    ("server_labels", '{"team":"shop"}', {"team": "shop"}),
    ("server_log_driver", "journald", "journald"),
    ("server_log_options", '{"tag":"shop"}', {"tag": "shop"}),
    ("server_capabilities", "CAP_CHOWN", ("CHOWN",)),
    ("server_read_only", "false", False),
    ("server_read_only", "TRUE", True),
    ("server_capabilities", "NET_BIND_SERVICE, CHOWN", ("NET_BIND_SERVICE", "CHOWN")),
    ("trusted_proxies", "10.0.0.0/8, 192.0.2.1,2001:db8::/32", ("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32")),
    ("max_connections", "10", 10),
    ("rate_limit", '{"requests":100,"seconds":10}', {"requests": 100, "seconds": 10}),
    ("control_prefix", "/ops/ringmaster-1", "/ops/ringmaster-1"),
    ("public_control", "false", False),
    ("server_keep_alive", "False", False),
    ("spares", "100", 100),
    ("roll_surge", "100", 100),
    ("ring", '{"strategy":"course"}', {"strategy": "course"}),
    ("ring", ' {"slots": 65536, "bound": 1.25} ', {"slots": 65536, "bound": 1.25}),
    ("autoscale", '{"min":2,"max":10,"in_flight":8}', {"min": 2, "max": 10, "in_flight": 8}),
    ("slow_start", "30", 30.0),
    ("plugins", "", ()),
    ("heartbeat_interval", "1.5", 1.5),
    ("drain_timeout", "0", 0.0),
    ("stop_timeout", "0", 0),
    ("tls", "true", True),
    ("tls_port", "443", 443),
    ("tls_redirect", "true", True),
    ("tls_client_ca", "true", True),
    ("tls_control", "true", True),
    ("token_sha256", "0123456789abcdef" * 4, "0123456789abcdef" * 4),
    ("tokens_file", "/run/tokens/tokens.json", "/run/tokens/tokens.json"),
    ("control_hosts", "ring.example,LB.example,a", ("ring.example", "lb.example", "a")),
    ("explain", "false", False),
    ("access_log", "all", "all"),
    ("access_log", "1%", "1%"),
    ("access_log", "0.0001%", "0.0001%"),
    ("traceparent", "pass", "pass"),
    ("otlp_endpoint", "http://collector:4318", "http://collector:4318"),
    ("otlp_endpoint", "https://traces.example/team/a", "https://traces.example/team/a"),
    ("node_constraints", "node.role==worker,node.labels.zone != b", ("node.role==worker", "node.labels.zone != b")),
    ("edge_lease", "1.5", 1.5),
    ("log_level", "debug", "debug"),
]

REFUSED = [
    ("deployment", ["", " ", "a b", "-a", "a/b", "a\n"], "letters, digits, '_', '.' or '-'"),
    ("name_prefix", ["-", "a b", "é-"], "letters, digits, '_', '.' or '-'"),
    ("network", ["", "a b"], "the name of a Docker network"),
    ("data_plane", ["", "nginx", "HAProxy"], "one of haproxy, flask"),
    ("initial_servers", ["S", "S1,S1", "S1,s1", "S1,-b", "S1;S2", "a.b"], "different hostnames with commas between"),
    ("max_servers", ["", "0", "1001", "2.0", "many", "-1"], "an integer from 1 to 1000"),
    ("server_image", ["", "a b", "A", "https://a/b", "user:word@host/app"], "an image's name or id"),
    ("server_image_id", ["app:1", "sha256:0a", "0a" * 32], "a whole id such as sha256:…, or empty"),
    ("pull_timeout", ["0", "86401", "soon"], "seconds from 1 to 86400"),
    ("registry_config", ["config.json", "/a b"], "an absolute path, or empty"),
    ("policy", ["", "[]", "null", '{"images":'], "a JSON object"),
    ("server_port", ["0", "65536", "http", ""], "an integer from 1 to 65535"),
    ("server_protocol", ["", "h2", "HTTP"], "http or h2c"),
    ("heartbeat_path", ["", "heartbeat", "/a b", "/a\n", "/é", '/"a"', "/#a", "/a\\"], "a path that starts with /"),
    ("server_environment", ["", "A=1", "[]", '{"A":1}', "null", '{"A":"1"'], "a JSON object of strings"),
    ("server_pids", ["", "-1", "many", "4194305", "1.5"], "an integer from 0 (no limit) to 4194304"),
    ("heartbeat_host", ["a b", "http://a", "a\r\nX: 1", "a/b"], "a host such as app.example"),
    (
        "heartbeat_status",
        ["", "ok", "2xx", "99", "600", "200-", "200, 204"],
        "statuses such as 200, 200-399 or 200,204",
    ),
    ("server_command", ["", "serve", '"serve"', "[1]", "{}", '["a\\u0000"]'], "a JSON list of strings"),
    ("server_entrypoint", ["", "serve", "[null]", "null"], "a JSON list of strings"),
    ("server_user", ["a b", "1000:", ":1000", "a:b:c"], "a user such as 1000:1000"),
    ("server_working_dir", ["srv", "./srv", "/a\n"], "an absolute path"),
    ("server_volumes", ["", "data:/data", "{}", "[1]"], "a JSON list such as"),
    ("server_tmpfs", ["/run", "[]", '{"/run":1}', " "], "a JSON object such as"),
    ("server_capabilities", [], "Linux capabilities"),
    ("server_init", ["", "tini", "1"], "true or false"),
    ("server_stop_signal", ["SIGSTOP", "SIGNOTHING", "term", "0", "SIGRTMIN+99"], "a signal such as SIGTERM"),
    ("server_labels", ["", "[]", '{"a":1}', "team=shop"], "a JSON object of strings"),
    ("server_log_driver", ["", "file", "JSON-FILE"], "one of json-file, local"),
    ("server_log_options", ["[]", '{"a":1}', "a=1"], "a JSON object of strings"),
    ("server_memory", ["0", "256 m", "256mb", "-1", "m"], "such as 256m, or empty"),
    ("server_cpus", ["", "-1", "513", "two", "nan", "inf"], "a number from 0 (no limit) to 512"),
    ("server_read_only", ["", "yes", "1"], "true or false"),
    ("spares", ["", "-1", "101", "1.0", "some"], "an integer from 0 to 100"),
    ("roll_surge", ["", "0", "101", "25%", "all"], "an integer from 1 to 100"),
    ("roll_batch", ["", "0", "101", "25%", "all"], "an integer from 1 to 100"),
    ("ring", ["", "table", '"table"', "[]", "null", '{"slots":512', "{'slots':512}"], "a JSON object"),
    ("autoscale", ["", "on", "[]", "null", "8", '{"min":2'], "a JSON object"),
    ("hash_seed", ["x" * 15, "x" * 257, "sixteen or more ü", "a b" * 9], "16 to 256 printable ASCII characters"),
    ("slow_start", ["", "-1", "3601", "nan", "on"], "seconds from 0 to 3600"),
    ("heartbeat_interval", ["0", "0.01", "3601", "nan", "soon"], "seconds from 0.05 to 3600"),
    ("heartbeat_timeout", ["0", "601", "nan"], "seconds from 0.01 to 600"),
    ("hang_timeout", ["1.9", "86401", "-1"], "seconds from 2 to 86400"),
    ("heartbeat_strikes", ["0", "101", "1.5"], "an integer from 1 to 100"),
    ("start_grace", ["0", "3601", "nan"], "seconds from 0.1 to 3600"),
    ("drain_timeout", ["-1", "3601", "nan", "inf"], "seconds from 0 to 3600"),
    ("stop_timeout", ["-1", "3601", "1.5"], "an integer from 0 to 3600"),
    ("response_timeout", ["0", "86401", "nan"], "seconds from 0.1 to 86400"),
    ("stream_timeout", ["0", "86401", "nan"], "seconds from 0.1 to 86400"),
    ("queue_timeout", ["0", "3601"], "seconds from 0.1 to 3600"),
    ("server_max_connections", ["-1", "100001", "many"], "an integer from 0 to 100000"),
    ("server_keep_alive", ["", "yes"], "true or false"),
    ("public_control", ["", "1"], "true or false"),
    (
        "trusted_proxies",
        ["10.0.0.1/8", "10.0.0", "proxy.example", "10.0.0.1 10.0.0.2", "10.0.0.0/33"],
        "IP addresses and networks such as 10.0.0.0/8 with commas between them",
    ),
    ("max_connections", ["", "-1", "1000001", "many"], "an integer from 0 to 1000000"),
    ("rate_limit", ["", "100", "[]", "null", "100/10s"], "a JSON object"),
    (
        "control_prefix",
        ["/", "ringmaster", "/ringmaster/", "//a", "/a b", "/%61", "/a?b"],
        "empty, or a path that starts with / and does not end with it",
    ),
    ("bufsize", ["8191", "1048577", "8k"], "an integer from 8192 to 1048576"),
    ("unknown_path", ["", "404"], "one of pass, course"),
    ("explain", ["", "yes", "1"], "true or false"),
    (
        "access_log",
        ["", "none", "ALL", "0%", "0.00001%", "100%", "1", "-1%", "1 %", ".5%", "1%\n"],
        "errors, all, or a percentage such as 1% or 0.5%",
    ),
    ("traceparent", ["", "true", "MAKE"], "one of make, pass"),
    (
        "otlp_endpoint",
        ["collector:4318", "grpc://collector", "http://", "http://a b", "http://user@collector", "http://a/?key=s"],
        "an http or https URL without a user, or empty",
    ),
    ("tls", ["", "on", "/srv/tls"], "true or false"),
    ("tls_port", ["0", "65536", "https", ""], "an integer from 1 to 65535"),
    ("tls_redirect", ["", "301"], "true or false"),
    ("tls_client_ca", ["", "/srv/ca.pem"], "true or false"),
    ("tls_control", ["", "on"], "true or false"),
    ("token_sha256", ["secret", "0" * 63, "A" * 64], "64 hex digits, or empty"),
    ("tokens_file", ["tokens.json", "/a b"], "an absolute path, or empty"),
    ("control_hosts", ["a b", "a:80", "http://a", "é", "a..b", ".a", "a.", "*"], "hosts' names such as ring.example"),
    ("state_dir", ["", "var", "/a b"], "an absolute path"),
    ("edge_dir", ["", "run", "/a b"], "an absolute path"),
    ("keeper_socket", ["", "run", "/a b"], "an absolute path"),
    ("runtime", ["", "docker"], "one of engine, swarm"),
    ("node_constraints", ["node.role=worker", "role==worker", "node.role==a b"], "Swarm's constraints, such as"),
    ("edge_port", ["0", "65536"], "an integer from 1 to 65535"),
    ("edge_lease", ["0.5", "61"], "seconds from 1 to 60"),
    ("edge_certificates", ["", "edges"], "an absolute path"),
    ("log_level", ["", "loud", "INFO"], "one of debug, info, warning, error"),
]


def test_every_setting_has_its_default() -> None:
    settings = read({})
    assert {field.name: getattr(settings, field.name) for field in fields(Settings)} == DEFAULTS


@pytest.mark.parametrize(("name", "text", "value"), ACCEPTED)
def test_a_good_value_is_taken(name: str, text: str, value: object) -> None:
    assert getattr(read({PREFIX + name.upper(): text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "expects"), [(name, text, expects) for name, texts, expects in REFUSED for text in texts]
)
def test_a_bad_value_is_refused_with_its_variable_and_what_to_write(name: str, text: str, expects: str) -> None:
    variable = PREFIX + name.upper()
    message = f"{variable} must be {expects}"
    with pytest.raises(InvalidSetting, match=re.escape(message)) as refused:
        read({variable: text})
    is_secret = name in ("hash_seed", "server_environment", "server_labels", "server_log_options")
    assert str(refused.value).endswith(f", not {text!r}") is not is_secret
    assert not (is_secret and text in str(refused.value).split() and text)


UNFIT = [
    ("server_environment", '{"A=B":"s3cret"}', '"A=B" cannot be a variable'),
    ("server_environment", '{"A":"s3cret\\u0000"}', '"A" cannot be a variable'),
    ("heartbeat_status", "399-200", "no status is in 399-200"),
    ("server_volumes", '["data"]', '"data" is none; write VOLUME:/target or /host/path:/target, and :ro after it'),
    ("server_volumes", '["../data:/data"]', "is none"),
    ("server_volumes", '["/srv/../etc:/etc"]', "is none"),
    ("server_volumes", '["data:data"]', "is none"),
    ("server_volumes", '["data:/data:z"]', "is none"),
    ("server_volumes", '["a1:/data","b1:/data"]', '"/data" is the target of two volumes'),
    ("server_tmpfs", '{"tmp":""}', '"tmp" is not an absolute path'),
    ("server_tmpfs", '{"/tmp":"dev"}', '"dev" must be of size=, mode=, uid=, gid=, nr_inodes=, exec and noexec'),
    ("server_capabilities", "NET_BIND", '"NET_BIND" is not a capability, such as NET_BIND_SERVICE'),
    ("server_labels", '{"ringmaster.role":"x"}', "labels that begin with ringmaster. are Ringmaster's own"),
    ("server_labels", '{"Ringmaster.role":"x"}', "labels that begin with ringmaster. are Ringmaster's own"),
    ("server_labels", '{"":"x"}', '"" cannot be a label'),
]


@pytest.mark.parametrize(("name", "text", "why"), UNFIT)
def test_what_a_server_cannot_have_is_refused_with_its_reason(name: str, text: str, why: str) -> None:
    variable = PREFIX + name.upper()
    with pytest.raises(InvalidSetting, match=f"^{variable}: .*{re.escape(why)}") as refused:
        read({variable: text})
    assert "s3cret" not in str(refused.value)


def test_every_setting_that_can_be_wrong_is_tried() -> None:
    takes_any_words = {"plugins"}
    assert {name for name, _, _ in REFUSED} == DEFAULTS.keys() - takes_any_words


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="RINGMASTER_SLOTS is not a setting"):
        read({"RINGMASTER_SLOTS": "512"})


def test_other_peoples_variables_are_none_of_our_business() -> None:
    assert read({"PATH": "/bin", "ringmaster_slots": "1", "RINGMASTERS": "1"}) == read({})


def test_the_first_fleet_must_fit_under_the_cap() -> None:
    with pytest.raises(InvalidSetting, match="INITIAL_SERVERS names 3 servers, more than RINGMASTER_MAX_SERVERS=2"):
        read({"RINGMASTER_MAX_SERVERS": "2"})


def test_no_more_servers_take_over_at_once_than_are_started_at_once() -> None:
    settings = read({"RINGMASTER_ROLL_SURGE": "4", "RINGMASTER_ROLL_BATCH": "4"})
    assert (settings.roll_surge, settings.roll_batch) == (4, 4)
    with pytest.raises(
        InvalidSetting, match="ROLL_BATCH=2 servers cannot take over at once where only RINGMASTER_ROLL_SURGE=1 are"
    ):
        read({"RINGMASTER_ROLL_BATCH": "2"})


def test_h2c_needs_the_edge_with_buffers_for_it() -> None:
    h2c = {"RINGMASTER_SERVER_PROTOCOL": "h2c"}
    settings = read({**h2c, "RINGMASTER_BUFSIZE": "16384"})
    assert (settings.release().protocol, settings.protocols) == ("h2c", ("http", "h2c"))
    assert read({}).protocols == ("http",)
    flask = {"RINGMASTER_BUFSIZE": "16384", "RINGMASTER_DATA_PLANE": "flask"}
    assert read(flask).protocols == ("http",)
    for impossible in (h2c, {**h2c, **flask}):
        with pytest.raises(
            InvalidSetting, match=r"SERVER_PROTOCOL=h2c needs RINGMASTER_DATA_PLANE=haproxy and a .*16384"
        ):
            read(impossible)


def test_the_release_is_what_servers_are_made_of() -> None:
    environment = {
        "RINGMASTER_SERVER_IMAGE": "shop:1",
        "RINGMASTER_SERVER_ENVIRONMENT": '{"MODE":"x"}',
        "RINGMASTER_SERVER_MEMORY": "256m",
        "RINGMASTER_SERVER_CPUS": "0.5",
    }
    assert read(environment).release() == Release(1, "shop:1", {"MODE": "x"}, "256m", 0.5)
    assert read({}).release() == Release(1, "ringmaster-server")


def test_the_ring_is_a_ring_profile() -> None:
    profile = read({"RINGMASTER_RING": '{"strategy":"ring","slots":64,"key":"path"}'}).ring_profile()
    assert (profile.strategy, str(profile.key)) == (Ring(slots=64), "path")
    assert read({}).ring_profile() == RingProfile()


@pytest.mark.parametrize(
    ("ring", "reason"),
    [
        ('{"strategy":"jump"}', "strategy must be one of table, course, ring, maglev"),
        ('{"request_hash":"crc"}', "request_hash must be one of course, crc32, xxh64, md5, sha1, sha256"),
        ('{"key":"url"}', "key must be one of random, header:NAME, "),
        ('{"slots":500}', "slots must be a power of two from 2 to 65536"),
        ('{"slots":"512"}', "slots must be a power of two from 2 to 65536"),
        ('{"bound":NaN}', "bound must be null (off) or a number above 1"),
        ('{"strategy":"course","virtual_servers":5,"slots":4}', "virtual_servers must be an integer from 1 to 4"),
        ('{"slot":512}', "'slot' is not a field of a ring profile"),
    ],
)
def test_a_ring_profile_that_cannot_be_is_refused_with_its_field(ring: str, reason: str) -> None:
    with pytest.raises(InvalidSetting, match="^RINGMASTER_RING: " + re.escape(reason)):
        read({"RINGMASTER_RING": ring})


@pytest.mark.parametrize("ring", ['{"slots":2}', '{"strategy":"course","slots":16,"virtual_servers":8}'])
def test_the_first_fleet_must_fit_the_ring(ring: str) -> None:
    with pytest.raises(InvalidSetting, match="INITIAL_SERVERS names 3 servers, and the ring holds at most 2"):
        read({"RINGMASTER_RING": ring})


def test_slow_start_needs_a_strategy_that_knows_weights() -> None:
    environment = {"RINGMASTER_SLOW_START": "30"}
    assert read(environment).slow_start == 30
    with pytest.raises(
        InvalidSetting, match="RINGMASTER_SLOW_START: the strategy course knows no weights; set it to 0"
    ):
        read(environment | {"RINGMASTER_RING": '{"strategy":"course"}'})


@pytest.mark.parametrize(
    ("autoscale", "reason"),
    [
        ('{"min":2,"max":10}', "give either in_flight or latency"),
        ('{"min":0,"max":10,"in_flight":8}', "min must be a number of servers"),
        ('{"min":2,"max":65,"in_flight":8}', "max is more than RINGMASTER_MAX_SERVERS=64"),
        ('{"min":2,"max":60,"in_flight":8}', "max is 60, and the ring holds at most 56"),
    ],
)
def test_autoscaling_that_cannot_be_is_refused_with_its_field(autoscale: str, reason: str) -> None:
    with pytest.raises(InvalidSetting, match="^RINGMASTER_AUTOSCALE: " + re.escape(reason)):
        read({"RINGMASTER_AUTOSCALE": autoscale, "RINGMASTER_RING": '{"strategy":"course"}'})


def test_autoscaling_is_off_or_a_policy() -> None:
    assert read({}).autoscaling() is None
    policy = read({"RINGMASTER_AUTOSCALE": '{"min":2,"max":10,"in_flight":8}'}).autoscaling()
    assert policy is not None
    assert (policy.least, policy.most, policy.target) == (2, 10, 8)


SEED = "a-secret-of-operators"


def test_a_seed_is_in_every_ring_profile_and_no_answer_may_tell_its_slot() -> None:
    environment = {"RINGMASTER_HASH_SEED": SEED, "RINGMASTER_EXPLAIN": "false"}
    assert read(environment).ring_profile().seed == HashSeed.of(SEED)
    assert read({}).ring_profile().seed is None
    with pytest.raises(
        InvalidSetting, match=r"^RINGMASTER_HASH_SEED hides .* set RINGMASTER_EXPLAIN=false, or "
    ) as told:
        read({"RINGMASTER_HASH_SEED": SEED})
    assert SEED not in str(told.value)


def test_a_rate_limit_is_off_or_the_edges() -> None:
    assert read({}).limit() is None
    environment = {"RINGMASTER_RATE_LIMIT": '{"requests":100,"seconds":10,"by":"key"}'}
    assert read(environment).limit() == RateLimit(requests=100, seconds=10, by="key")
    with pytest.raises(InvalidSetting, match=r"^RINGMASTER_RATE_LIMIT: only the edge counts requests; leave it empty"):
        read(environment | {"RINGMASTER_DATA_PLANE": "flask"})


def test_a_rate_limit_that_cannot_be_is_refused_with_its_field() -> None:
    with pytest.raises(InvalidSetting, match=r"^RINGMASTER_RATE_LIMIT: seconds must be an integer from 1 to 3600"):
        read({"RINGMASTER_RATE_LIMIT": '{"requests":100,"seconds":0}'})


PLUGIN = "tests.unit.balancer.example_plugin"


def test_a_plug_in_is_a_choice_like_any_other() -> None:
    settings = read(
        {"RINGMASTER_PLUGINS": f" {PLUGIN}:Rendezvous ,", "RINGMASTER_RING": '{"strategy":"rendezvous","slots":64}'}
    )
    assert settings.plugins == (f"{PLUGIN}:Rendezvous",)
    assert settings.ring_profile().slots == 64


@pytest.mark.parametrize("plugin", ["nowhere:Nothing", "nowhere", f"{PLUGIN}:Nothing"])
def test_a_plug_in_that_is_not_there_is_refused_with_its_name(plugin: str) -> None:
    with pytest.raises(InvalidSetting, match=f"^RINGMASTER_PLUGINS: .*{plugin}"):
        read({"RINGMASTER_PLUGINS": plugin})


def test_a_request_hash_without_a_haproxy_form_needs_the_flask_plane() -> None:
    environment = {
        "RINGMASTER_PLUGINS": f"{PLUGIN}:LENGTH",
        "RINGMASTER_RING": '{"request_hash":"length"}',
        "RINGMASTER_DATA_PLANE": "flask",
    }
    assert read(environment).ring_profile().request_hash.name == "length"
    with pytest.raises(InvalidSetting, match=r"^RINGMASTER_RING: request_hash: length has no HAProxy form"):
        read(environment | {"RINGMASTER_DATA_PLANE": "haproxy"})


def test_a_policy_that_cannot_be_is_told_at_the_start() -> None:
    with pytest.raises(InvalidSetting, match=r"^RINGMASTER_POLICY: images: it must be a JSON list"):
        read({"RINGMASTER_POLICY": '{"images":"shop"}'})


def test_the_documentation_has_the_table_as_it_is() -> None:
    _, marker, table = DOCUMENT.read_text().partition("<!-- settings -->\n")
    assert marker
    assert table.strip() == markdown(), "print it again: python -m balancer.settings"


def test_the_documentation_has_every_field_of_a_release() -> None:
    assert release_markdown() in (DOCUMENT.parent / "operations.md").read_text()


def test_the_table_has_a_row_for_every_setting() -> None:
    rows = markdown().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [PREFIX + name.upper() for name in DEFAULTS]


def test_only_the_edge_speaks_tls() -> None:
    with pytest.raises(InvalidSetting, match=r"^RINGMASTER_TLS: only the edge speaks TLS; set RINGMASTER_DATA_PLANE="):
        read({"RINGMASTER_TLS": "true", "RINGMASTER_DATA_PLANE": "flask"})
