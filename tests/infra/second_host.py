"""A second host, which is reached by SSH alone, by a plain user who needs a password for sudo.

Its address is one of this machine's loopback. It has file systems of its own for what a user's host does not share:
/etc, /home, /opt, /root, /tmp, and nothing at the place of the checkout. Its engine is this machine's.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.deployment import PROJECT, SOCKET, free_ports
from tests.infra.inventory import PLAYBOOKS, Played
from tests.infra.make import Run, environment
from tests.polling import until

ADDRESS = "127.0.0.2"
USER = "ann"
"""In the group that may use the engine, with sudo by a password."""

_LIMIT = 600.0
"""Seconds after which a playbook counts as hung."""
_START = r"""
set -eu
home=$1 checkout=$2 user=$3 group=$4 port=$5 address=$6
mount --make-rslave /
install --directory "$home/etc" "$home/tmp" "$home/home/$user/.ssh"
cp --archive /etc/. "$home/etc"
mount --bind "$home/etc" /etc
# The caches of Terraform and its provider, which take minutes to make, are brought along.
install --directory "$home/home/$user/.cache"
cp --archive "$HOME/.cache/ringmaster" "$home/home/$user/.cache/" 2>/dev/null || :
cp --archive "$HOME/.terraform.d" "$home/home/$user/" 2>/dev/null || :
cp "$home/key.pub" "$home/home/$user/.ssh/authorized_keys"
chmod 755 "$home" "$home/home" "$home/home/$user"
chmod 1777 "$home/tmp"
for folder in "$checkout" /opt /root; do [ ! -d "$folder" ] || mount -t tmpfs -o mode=755 tmpfs "$folder"; done
mount --bind "$home/home" /home
ln --symbolic "$home/tmp" "$home/own-tmp"
getent group "$group" >/dev/null || groupadd --gid "$group" engine
engine=$(getent group "$group" | cut -d: -f1)
useradd --home-dir "/home/$user" --no-create-home --shell /bin/bash --groups "$engine" "$user"
chown --recursive "$user:$user" "/home/$user"
echo "$user:$PASSWORD" | chpasswd
unset PASSWORD
install --directory --mode=750 /etc/sudoers.d
echo "$user ALL=(ALL:ALL) ALL" >/etc/sudoers.d/ringmaster-test
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
END
mount --bind "$home/tmp" /tmp
exec /usr/sbin/sshd -D -E /tmp/sshd.log
"""


class SecondHost:
    """In a with statement the host answers by SSH. `name` is what the inventory calls it."""

    name = "box"

    def __init__(self) -> None:
        self.password = secrets.token_hex(12)
        (self.port,) = free_ports(1)
        self._folder = tempfile.TemporaryDirectory(prefix="ringmaster-host-")
        self.home = Path(self._folder.name)
        self._sshd: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert os.geteuid() == 0, "the second host has file systems of its own, which only root makes; run this as root"
        assert Path("/usr/sbin/sshd").exists(), "sshd is missing; run: make tools"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.home / "key")], check=True)
        words = [self.home, PROJECT, USER, SOCKET.stat().st_gid, self.port, ADDRESS]
        self._sshd = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _START, "sh", *map(str, words)],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(Path.home()), "PASSWORD": self.password},
            stdin=subprocess.DEVNULL,
        )
        try:
            until(self._answers, "sshd answers", within=60)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._sshd:
            self._sshd.kill()
            self._sshd.wait()
        self._folder.cleanup()

    def play(self, playbook: str | Path, *words: str, become_password: bool = True, **variables: Any) -> Played:
        """On an inventory that has the host in the group ringmaster, and one that is out of reach outside of it."""
        password = {"ansible_become_password": self.password} if become_password else {}
        checked = f"-o UserKnownHostsFile={self.home}/known_hosts -o StrictHostKeyChecking=yes"
        host = {
            "ansible_host": ADDRESS,
            "ansible_port": self.port,
            "ansible_user": USER,
            "ansible_ssh_private_key_file": str(self.home / "key"),
            "ansible_ssh_common_args": f"{checked} -o IdentitiesOnly=yes",
            "ansible_python_interpreter": "/usr/bin/python3",
            **password,
        }
        others = {"hosts": {"somebody-elses": {"ansible_host": "192.0.2.1"}}}
        inventory = self.home / "hosts.json"
        inventory.write_text(json.dumps({"ringmaster": {"hosts": {self.name: host}}, "databases": others}))
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("--inventory", str(inventory), str(PLAYBOOKS / playbook), "--extra-vars", json.dumps(variables)),
                *words,
            ],
            cwd=PROJECT,
            env=environment(ANSIBLE_CONFIG=str(PROJECT / "ansible.cfg"), LC_ALL="C.UTF-8", HOME=str(Path.home())),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        return Played(Run(done.returncode, done.stdout))

    def _answers(self) -> bool:
        assert self._sshd
        assert self._sshd.poll() is None, "sshd ended before it answered"
        asked = ["ssh-keyscan", "-t", "ed25519", "-T", "5", "-p", str(self.port), ADDRESS]
        known = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        (self.home / "known_hosts").write_text(known)
        return bool(re.search(r"ssh-ed25519", known))
