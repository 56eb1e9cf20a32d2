"""A configuration of Terraform for a test: a copy of one in the project, with a state of its own."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

from python_terraform import IsNotFlagged, Terraform

PROJECT = Path(__file__).parents[1]

# Our own messages have Terraform's output. python-terraform would log it again, on one line.
logging.getLogger("python_terraform").setLevel(logging.CRITICAL)

CONFIGURATION = Path.home() / ".cache" / "ringmaster" / "terraform.rc"
"""Says where the provider is. The role ringmaster_terraform writes it, where no configuration of the user's does."""
_STATE = ("terraform.tfstate*", ".terraform*", ".deployments")


class Root:
    """`name`: the folder under infra/terraform. `override`: Terraform's text of what is to be different in this folder,
    `module_override`: in the module ringmaster, as in an override.tf. `variables`: those of every command from now on.
    """

    def __init__(self, name: str = ".", *, override: str = "", module_override: str = "", **variables: Any) -> None:
        self.variables = variables
        self._folder = tempfile.TemporaryDirectory(prefix="ringmaster-terraform-")
        copy = Path(self._folder.name) / "infra" / "terraform"
        shutil.copytree(PROJECT / "infra" / "terraform", copy, ignore=shutil.ignore_patterns(*_STATE))
        self.apps = Path(self._folder.name) / "apps"
        self.apps.symlink_to(PROJECT / "apps")
        self.folder = copy / name
        (self.folder / "override.tf").write_text(override)
        (copy / "modules" / "ringmaster" / "override.tf").write_text(module_override)
        self._terraform = Terraform(working_dir=str(self.folder))

    def close(self) -> None:
        self._folder.cleanup()

    def init(self) -> None:
        self._run("init")

    def apply(self) -> None:
        self._run("apply", skip_plan=True)

    def plan(self) -> str:
        """The plan of Terraform; empty where nothing would change."""
        code, output = self._command("plan")
        assert code in (0, 2), output
        return output if code == 2 else ""

    def destroy(self) -> None:
        """It waits for an interrupted apply that still holds the lock. The provider gives a volume or a network 30 s to
        go, which a busy engine may take longer for: then it is tried once more."""
        options = {"force": IsNotFlagged, "auto_approve": True, "lock_timeout": "60s"}
        code, output = self._command("destroy", **options)
        if code and "timeout while waiting for state" in output:
            code, output = self._command("destroy", **options)
        assert code == 0, f"terraform destroy:\n{output}"

    @property
    def state(self) -> Path:
        return self.folder / "terraform.tfstate"

    def outputs(self) -> dict[str, Any]:
        """name → value of Terraform's outputs."""
        return {name: output["value"] for name, output in self._terraform.output().items()}

    def _run(self, command: str, **options: Any) -> None:
        code, output = self._command(command, **options)
        assert code == 0, f"terraform {command}:\n{output}"

    def _command(self, command: str, **options: Any) -> tuple[int, str]:
        if CONFIGURATION.exists():
            os.environ["TF_CLI_CONFIG_FILE"] = str(CONFIGURATION)
        elif not Path(os.environ.get("TF_CLI_CONFIG_FILE", "/")).exists():
            os.environ.pop("TF_CLI_CONFIG_FILE", None)  # a missing file costs a warning on every call
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # python-terraform calls log.warn
            code, output, errors = getattr(self._terraform, command)(var=self.variables, **options)
        return code, output + errors
