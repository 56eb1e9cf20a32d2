"""The names of Linux that a release may use: capabilities and signals."""

from __future__ import annotations

import re

# fmt: off
HARMLESS_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})
"""What Docker gives every container by default: with these a server stays in its container."""

CAPABILITIES = HARMLESS_CAPABILITIES | frozenset({
    "ALL", "AUDIT_CONTROL", "AUDIT_READ", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "IPC_LOCK",
    "IPC_OWNER", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN", "MAC_OVERRIDE", "NET_ADMIN", "NET_BROADCAST", "PERFMON",
    "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE",
    "SYS_TIME", "SYS_TTY_CONFIG", "SYSLOG", "WAKE_ALARM",
})

_SIGNALS = (
    "ABRT", "ALRM", "CONT", "HUP", "INT", "IO", "KILL", "PIPE", "PWR", "QUIT", "TERM", "TRAP",
    "URG", "USR1", "USR2", "WINCH", "XCPU", "XFSZ",
)
"""Without those that end nothing, such as STOP."""
# fmt: on

SIGNAL = re.compile(rf"(SIG)?({'|'.join(_SIGNALS)}|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)")
