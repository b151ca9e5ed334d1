"""Tests about the tests: none may be skipped silently, no file may outgrow what a reader can hold."""

import ast
import re
import unittest
from pathlib import Path

import odoo.tests

ROOT = Path(__file__).parent.parent
ADDON_TESTS = ROOT / "o2c_portal" / "tests"
PYTHON = [
    path for folder in ("o2c_portal", "dev", "tests", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))
]


def _imported_by(package):
    """Return the test modules ``tests/__init__.py`` imports, read as text: pytest may have imported others already."""
    names = set()
    for node in ast.walk(ast.parse((package / "__init__.py").read_text())):
        if isinstance(node, ast.ImportFrom):
            folder = (node.module or "").replace(".", "/")
            names.update(str(Path(folder) / f"{alias.name}.py") for alias in node.names)
    return names


def test_every_test_file_is_imported_so_that_odoo_runs_it_too():
    present = {str(path.relative_to(ADDON_TESTS)) for path in ADDON_TESTS.rglob("test_*.py")}
    assert present - _imported_by(ADDON_TESTS) == set()


def test_every_case_carries_the_tags_odoo_selects_by():
    import importlib

    wrong = []
    for path in ADDON_TESTS.rglob("test_*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = importlib.import_module("odoo.addons." + ".".join(parts))
        for name, case in vars(module).items():
            if isinstance(case, type) and issubclass(case, unittest.TestCase) and case.__module__ == module.__name__:
                tags = getattr(case, "test_tags", set())
                needs_database = issubclass(case, odoo.tests.TransactionCase)
                if not tags or (needs_database and ("at_install" in tags or "post_install" not in tags)):
                    wrong.append(f"{path.name}:{name}")
    assert wrong == []


def test_no_test_function_of_the_addon_stands_outside_a_case():
    wrong = [
        f"{path.name}:{node.name}"
        for path in ADDON_TESTS.rglob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert wrong == []


def test_addresses_of_lists_are_ours_alone():
    """Two addons with one address cannot be installed side by side: every short one is taken by some app."""
    paths = [
        path for file in (ROOT / "o2c_portal").rglob("*.xml")
        for path in re.findall(r'<field name="path">([^<]*)<', file.read_text())
    ]
    assert len(paths) > 5
    assert [path for path in paths if not path.startswith("o2c-")] == []


def test_functions_and_files_stay_readable():
    wrong = []
    for path in PYTHON:
        text = path.read_text()
        if text.count("\n") > 500:
            wrong.append(f"{path.relative_to(ROOT)} has {text.count(chr(10))} lines")
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno >= 45
        ]
    assert wrong == []
