"""Glue between pytest and Odoo: where addons are found, and which tests both runners leave out."""

import os
import threading
from pathlib import Path

import pytest
import pytest_odoo

import odoo.modules.module  # noqa: I001
import odoo.tests
import odoo.tools.config  # noqa: F401

ROOT = str(Path(__file__).parent)
pytest_plugins = ["tests.harness"]

if ROOT not in odoo.tools.config["addons_path"]:  # without a database the plugin is off and prepares nothing
    odoo.tools.config.parse_config(["--addons-path", ROOT])
    pytest_odoo.monkey_patch_resolve_pkg_root_and_module_name()
    pytest_odoo.support_subtest()
    pytest_odoo.disable_odoo_test_retry()
odoo.modules.module.initialize_sys_path()


@pytest.fixture(scope="session", autouse=True)
def load_registry():
    """Override of pytest-odoo: of several processes each has a database of its own, which ``./o2c test`` made."""
    names = odoo.tools.config["db_name"]
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if names and worker:
        names = odoo.tools.config["db_name"] = [f"{names[0]}_{worker}"]
    if names:
        threading.current_thread().testing, threading.current_thread().dbname = True, names[0]
        odoo.modules.registry.Registry(names[0])


def pytest_collection_modifyitems(config, items):
    """Leave out what is tagged ``-standard``, as Odoo's own runner does."""
    external = [
        item for item in items if "standard" not in getattr(getattr(item, "cls", None), "test_tags", {"standard"})
    ]
    if external:
        config.hook.pytest_deselected(items=external)
        items[:] = [item for item in items if item not in external]
