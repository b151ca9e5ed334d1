"""The linters, as tests: one closing line covers them too."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
NOT_OURS = (
    "missing-readme",  # wants a README.rst; ours is README.md
    "missing-return",  # a compute method that calls super returns nothing
    "no-search-all",  # companies, stages and rules are few
    "odoo-addons-relative-import",  # tests import the addon as everybody else does
)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "."], id="ruff"),
        pytest.param(["lint-imports"], id="import-linter"),
        pytest.param(["pylint", f"--disable={','.join(NOT_OURS)}", "o2c_portal"], id="pylint-odoo"),
    ],
)
def test_linter_finds_nothing(command):
    found = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, text=True, capture_output=True, check=False)
    assert found.returncode == 0, f"\n{found.stdout}{found.stderr}"
