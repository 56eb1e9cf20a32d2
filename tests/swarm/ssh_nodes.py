"""The playground's nodes as hosts that are reached by SSH alone. Each has an sshd in its network, with file systems of
its own for what a user's hosts do not share: /etc, /home, /opt, /root, /tmp, and nothing at the place of the checkout.
The engines are the playground's, whose sockets are where an engine's socket is."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.deployment import PROJECT
from tests.playground import Playground
from tests.polling import until

USER = "admin"
"""In the group that may use the engine, with sudo by a password."""
_START = r"""
set -eu
name=$1 home=$2 checkout=$3 socket=$4 authorized=$5
hostname "$name"
install --directory "$home/etc" "$home/tmp" "$home/run"
cp --archive /etc/. "$home/etc"
mount --bind "$home/etc" /etc
# The caches of Terraform and its provider, which take minutes to make, are brought along.
install --directory "$home/home/admin/.cache" "$home/home/admin/.ssh"
cp --archive --recursive "$HOME/.cache/ringmaster" "$home/home/admin/.cache" 2>/dev/null || true
cp --archive --recursive "$HOME/.terraform.d" "$home/home/admin" 2>/dev/null || true
cp "$authorized" "$home/home/admin/.ssh/authorized_keys"
chmod 755 "$home" "$home/home" "$home/home/admin"
chmod 1777 "$home/tmp"
for folder in "$checkout" /opt /root; do [ ! -d "$folder" ] || mount -t tmpfs -o mode=755 tmpfs "$folder"; done
mount --bind "$home/home" /home
mount --bind "$home/tmp" /tmp
mount --bind "$socket" /run/docker.sock
group=$(stat --format %G "$socket")
useradd --home-dir /home/admin --shell /bin/bash --groups "$group" admin
chown --recursive admin:admin /home/admin
echo "admin:$PASSWORD" | chpasswd
unset PASSWORD
echo 'admin ALL=(ALL:ALL) ALL' >/etc/sudoers.d/admin
chmod 440 /etc/sudoers.d/admin
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /run/sshd
cat >/etc/ssh/sshd_config <<END
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile none
UsePAM no
PasswordAuthentication no
PermitRootLogin no
Subsystem sftp internal-sftp
END
exec /usr/sbin/sshd -D -E "$home/sshd.log"
"""


class SshNodes:
    """In a with statement every node of the running playground answers by SSH. `inventory`: a file as a user writes it,
    with no word of a playground but where Swarm's own containers find the engine's socket."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        self.password = secrets.token_hex(12)
        self._folder = tempfile.TemporaryDirectory(prefix="ringmaster-ssh-")
        self.folder = Path(self._folder.name)
        self.inventory = self.folder / "hosts.yml"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            key = self.folder / "key"
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
            for node in self.playground.nodes:
                self._start(node, key.with_suffix(".pub"))
            hosts = self.folder / "known_hosts"
            hosts.write_text("".join(self._known(node) for node in self.playground.nodes))
            self.inventory.write_text(json.dumps(self._written(key, hosts)))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for running in self._running.values():
            running.kill()
            running.wait()
        self._folder.cleanup()

    def home(self, node: str) -> Path:
        """Where the node's own file systems are on this machine."""
        return self.playground.folder / node / "ssh"

    def _start(self, node: str, authorized: Path) -> None:
        words = [node, str(self.home(node)), str(PROJECT), str(self.playground.folder / node / "docker.sock")]
        own = ["nsenter", f"--net=/var/run/netns/rm-{node}", "unshare", "--uts", "--mount", "--propagation", "slave"]
        self._running[node] = subprocess.Popen(
            [*own, "sh", "-c", _START, "sh", *words, str(authorized)],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(Path.home()), "PASSWORD": self.password},
            stdin=subprocess.DEVNULL,
        )
        until(lambda: self._answers(node), f"sshd of {node} answers", within=60)

    def _answers(self, node: str) -> bool:
        assert self._running[node].poll() is None, f"sshd of {node} ended: it wants openssh-server and sudo"
        return bool(self._known(node))

    def _known(self, node: str) -> str:
        address = self.playground.address(node)
        done = subprocess.run(
            ["ssh-keyscan", "-t", "ed25519", "-T", "5", address], capture_output=True, text=True, check=False
        )
        return done.stdout

    def _written(self, key: Path, known: Path) -> dict[str, Any]:
        socket = f"{self.playground.folder}/{{{{ '{{{{.Node.Hostname}}}}' }}}}/docker.sock"
        hosts = {node: {"ansible_host": self.playground.address(node)} for node in self.playground.nodes}
        return {
            "all": {
                "vars": {
                    "ansible_user": USER,
                    "ansible_become_password": self.password,
                    "ansible_ssh_private_key_file": str(key),
                    "ansible_ssh_common_args": f"-o UserKnownHostsFile={known} -o StrictHostKeyChecking=yes",
                    "ringmaster_deployment_docker_socket": socket,
                    "ringmaster_preflight_free_megabytes": 1000,
                }
            },
            "swarm_managers": {"hosts": hosts},
        }
