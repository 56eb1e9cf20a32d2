"""A host that is reached by SSH alone, by a plain user who needs a password for sudo.

It has file systems of its own for what a user's host does not share with the machine that asks: /etc, /home, /opt,
/root, /tmp, and nothing at the place of the checkout. Its engine is one of this machine's.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.deployment import PROJECT
from tests.polling import until

_START = r"""
set -eu
home=$1 checkout=$2 user=$3 socket=$4 address=$5 port=$6 authorized=$7 name=$8
[ -z "$name" ] || hostname "$name"
install --directory "$home/etc" "$home/tmp" "$home/home/$user/.cache" "$home/home/$user/.ssh"
cp --archive /etc/. "$home/etc"
mount --bind "$home/etc" /etc
# The caches of Terraform and its provider, which take minutes to make, are brought along.
cp --archive "$HOME/.cache/ringmaster" "$home/home/$user/.cache/" 2>/dev/null || :
cp --archive "$HOME/.terraform.d" "$home/home/$user/" 2>/dev/null || :
cp "$authorized" "$home/home/$user/.ssh/authorized_keys"
chmod 755 "$home" "$home/home" "$home/home/$user"
chmod 1777 "$home/tmp"
for folder in "$checkout" /opt /root; do [ ! -d "$folder" ] || mount -t tmpfs -o mode=755 tmpfs "$folder"; done
mount --bind "$home/home" /home
[ "$socket" -ef /run/docker.sock ] || mount --bind "$socket" /run/docker.sock
group=$(stat --format %g "$socket")
getent group "$group" >/dev/null || groupadd --gid "$group" engine
engine=$(getent group "$group" | cut -d: -f1)
useradd --home-dir "/home/$user" --no-create-home --shell /bin/bash --groups "$engine" "$user"
chown --recursive "$user:$user" "/home/$user"
echo "$user:$PASSWORD" | chpasswd
unset PASSWORD
install --directory --mode=750 /etc/sudoers.d
echo "$user ALL=(ALL:ALL) ALL" >/etc/sudoers.d/ringmaster-test
chmod 440 /etc/sudoers.d/ringmaster-test
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /run/sshd
cat >/etc/ssh/sshd_config <<END
HostKey /etc/ssh/ssh_host_ed25519_key
ListenAddress $address
Port $port
PidFile none
UsePAM no
PasswordAuthentication no
PermitRootLogin no
Subsystem sftp internal-sftp
END
mount --bind "$home/tmp" /tmp
exec /usr/sbin/sshd -D -E /tmp/sshd.log
"""


class User:
    """Who may log in: in the group that may use the engine, with sudo by `password`. `key`: the file of the private
    key, which is made in `folder`."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.password = secrets.token_hex(12)
        self.key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True)


class Sshd:
    """In a with statement it answers at `address` and `port`, and `known` is its line of known_hosts. `home`: where its
    file systems are. `socket`: its engine's. `name`: its hostname; empty: this machine's. `network`: the file of its
    network's namespace where it has one of its own."""

    def __init__(
        self,
        home: Path,
        user: User,
        *,
        address: str,
        port: int = 22,
        socket: Path,
        name: str = "",
        network: Path | None = None,
    ) -> None:
        self.known = ""
        self._place = ["-p", str(port), address]
        self._command: Sequence[str] = (
            *(["nsenter", f"--net={network}"] if network else []),
            *("unshare", "--uts", "--mount", "--propagation", "slave", "sh", "-c", _START, "sh"),
            *map(str, (home, PROJECT, user.name, socket, address, port, user.key.with_suffix(".pub"), name)),
        )
        self._password = user.password
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert os.geteuid() == 0, "a host has file systems of its own, which only root makes; run this as root"
        assert Path("/usr/sbin/sshd").exists(), "sshd is missing; run: make tools"
        self._running = subprocess.Popen(
            self._command,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(Path.home()), "PASSWORD": self._password},
            stdin=subprocess.DEVNULL,
        )
        try:
            until(self._answers, f"sshd answers at {' '.join(self._place)}", within=60)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._running:
            self._running.kill()
            self._running.wait()

    def _answers(self) -> bool:
        assert self._running
        assert self._running.poll() is None, "sshd ended before it answered; it wants openssh-server and sudo"
        asked = ["ssh-keyscan", "-t", "ed25519", "-T", "5", *self._place]
        self.known = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        return "ssh-ed25519" in self.known
