"""The families of the balancer's own metrics. A name that dashboards and alerts know is never given another meaning."""

from __future__ import annotations

from balancer.adapters.prometheus.family import MINUTES, OPEN, SECONDS, Family, Type
from balancer.core.cause import Cause
from balancer.core.deploy import Stage
from balancer.core.lifecycle import State

COUNTER, GAUGE, HISTOGRAM = Type.COUNTER, Type.GAUGE, Type.HISTOGRAM

KINDS = ("add", "rm", "ring", "weight", "deploy", "rollback")
DONE, REFUSED, FAILED = "done", "refused", "failed"
UP, DOWN = "up", "down"
STATES = tuple(str(state) for state in State if state is not State.GONE)

_SERVER = {"server": OPEN}
_NODE = {"node": OPEN}
_KIND = {"kind": KINDS}
_CAUSE = {"cause": tuple(Cause)}

READ = (
    Family("ringmaster_build_info", GAUGE, "Always 1.", {"version": OPEN, "data_plane": OPEN, "python": OPEN}),
    Family("ringmaster_start_time_seconds", GAUGE, "When the balancer started, in seconds since 1970."),
    Family("ringmaster_servers", GAUGE, "Servers in each state.", {"state": STATES}),
    Family("ringmaster_servers_wanted", GAUGE, "N, the number of servers to keep alive."),
    Family("ringmaster_spares_wanted", GAUGE, "The number of spares to keep."),
    Family("ringmaster_server_slots", GAUGE, "Slots that the server owns.", _SERVER),
    Family("ringmaster_server_weight", GAUGE, "The server's weight.", _SERVER),
    Family(
        "ringmaster_server_expected_share_ratio", GAUGE, "Part of all requests that the ring predicts for it.", _SERVER
    ),
    Family(
        "ringmaster_server_measured_share_ratio",
        GAUGE,
        "Part of all requests that it got, for ten minutes or since the ring changed. Not told without requests.",
        _SERVER,
    ),
    Family(
        "ringmaster_server_requests_total",
        COUNTER,
        "Requests that the server got since the balancer first read its counters.",
        _SERVER,
    ),
    Family("ringmaster_server_errors_total", COUNTER, "Responses of the server with a status of 500 or more.", _SERVER),
    Family(
        "ringmaster_server_requests_in_flight",
        GAUGE,
        "Requests at the server, and those that wait for it.",
        _SERVER,
    ),
    Family("ringmaster_server_response_time_seconds", GAUGE, "Mean time to the head of its recent responses.", _SERVER),
    Family(
        "ringmaster_ring_imbalance_ratio",
        GAUGE,
        "The largest ratio of a server's measured share to its expected one. Not told for fewer than 100 requests.",
    ),
    Family("ringmaster_ring_slots", GAUGE, "M, the number of slots."),
    Family("ringmaster_ring_version", GAUGE, "Grows with every change of slot table or ring profile."),
    Family(
        "ringmaster_requests_without_key_total",
        COUNTER,
        "Requests without the key that the ring profile names. Not told while the data plane does not answer.",
    ),
    Family("ringmaster_ready", GAUGE, "1 where N servers serve, the data plane obeys and nothing ails; otherwise 0."),
    Family("ringmaster_in_sync", GAUGE, "1 where the data plane obeys the fleet; otherwise 0."),
    Family("ringmaster_edges", GAUGE, "Edges that answer and serve; 0 in the data plane flask."),
    Family(
        "ringmaster_edge_leased",
        GAUGE,
        "1 where the node's edge was heard of lately; 0 where it is lost. Not told on one host.",
        _NODE,
    ),
    Family(
        "ringmaster_edge_in_step",
        GAUGE,
        "1 where the node's edge is not lost and obeys the present routes; otherwise 0. Not told on one host.",
        _NODE,
    ),
    Family(
        "ringmaster_edge_old_processes",
        GAUGE,
        "Processes of the edge that still finish requests after a reload. Not told while the edge does not answer.",
    ),
    Family("ringmaster_problem", GAUGE, "1 where the part ails, as in /readyz; otherwise 0.", {"part": OPEN}),
    Family(
        "ringmaster_deploy_stage", GAUGE, "1 for the stage of the latest deploy; otherwise 0.", {"stage": tuple(Stage)}
    ),
    Family("ringmaster_deploy_servers_left", GAUGE, "Servers that still have to get the running deploy's release."),
    Family("ringmaster_autoscaler_enabled", GAUGE, "1 where the autoscaler changes N; otherwise 0."),
    Family(
        "ringmaster_certificate_expiry_timestamp_seconds",
        GAUGE,
        "When the certificate ends, in seconds since 1970.",
        {"file": OPEN},
    ),
)
"""Those that are read from the balancer's status at every scrape."""

CHANGES = Family(
    "ringmaster_changes_total",
    COUNTER,
    "Changes that somebody asked for. Refused: 4xx. Failed: 5xx.",
    _KIND | {"result": (DONE, REFUSED, FAILED)},
)
CHANGE_DURATION = Family(
    "ringmaster_change_duration_seconds",
    HISTOGRAM,
    "Time until such a change was answered; without refused ones. A deploy and a rollback are answered at their begin.",
    _KIND,
    MINUTES,
)
FAILURES = Family("ringmaster_failures_total", COUNTER, "Ready servers that failed, spares included.", _CAUSE)
REPLACEMENTS = Family("ringmaster_replacements_total", COUNTER, "Failed servers whose place another one has.", _CAUSE)
REPLACEMENT_DURATION = Family(
    "ringmaster_replacement_duration_seconds", HISTOGRAM, "Time from a failure to its replacement.", buckets=MINUTES
)
PROMOTIONS = Family("ringmaster_promotions_total", COUNTER, "Spares that went on the ring.")
SILENCES = Family(
    "ringmaster_silences_total", COUNTER, "Servers that missed their heartbeats and got no new requests from then on."
)
FENCED = Family("ringmaster_fenced_total", COUNTER, "Containers that were killed: they must not answer any more.")
DECISIONS = Family(
    "ringmaster_autoscaler_decisions_total",
    COUNTER,
    "Changes of N that the autoscaler decided.",
    {"direction": (UP, DOWN), "result": (DONE, REFUSED)},
)
RECONCILE_DURATION = Family(
    "ringmaster_reconcile_duration_seconds", HISTOGRAM, "Time of one step of the reconciler.", buckets=SECONDS
)
SAVE_DURATION = Family(
    "ringmaster_save_duration_seconds", HISTOGRAM, "Time until a changed fleet was saved.", buckets=SECONDS
)
LAST_SAVE = Family(
    "ringmaster_last_save_timestamp_seconds",
    GAUGE,
    "When the fleet was saved last, in seconds since 1970; 0 where it was not since the balancer's start.",
)
KEPT = (
    CHANGES,
    CHANGE_DURATION,
    FAILURES,
    REPLACEMENTS,
    REPLACEMENT_DURATION,
    PROMOTIONS,
    SILENCES,
    FENCED,
    DECISIONS,
    RECONCILE_DURATION,
    SAVE_DURATION,
    LAST_SAVE,
)
"""Those that are counted and measured since the balancer's start."""
