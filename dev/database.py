"""Databases: templates built once per content, and copies of them that cost about a second."""

import os
import shutil

from . import odoo, odoo_source, place, postgres, steps
from .shell import say

# What the addon's tests and the demo stand on; the addon's own dependencies are among them.
BASE_MODULES = ("sale_management", "account_payment", "payment_demo", "link_tracker", "digest", "utm")
RECIPE = 2  # raise to have templates built anew


def ours():
    """Return what the names of all databases of this set-up begin with."""
    return f"o2c_{place.setup_tag()}"


def name(purpose):
    """Return the name of this checkout's database for a purpose."""
    return f"{ours()}_{place.CHECKOUT_TAG}_{purpose}"


def exists(database):
    return postgres.query(f"SELECT 1 FROM pg_database WHERE datname = '{database}'") == "1"


def names(prefix):
    """Return the databases whose name begins with ``prefix``."""
    return postgres.query(f"SELECT datname FROM pg_database WHERE starts_with(datname, '{prefix}')").split()


def drop(database):
    """Remove a database with its files (logs stay, to be read); nothing happens when it is not there."""
    postgres.query(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
    shutil.rmtree(_files(database), ignore_errors=True)
    (place.CONF / f"{database}.conf").unlink(missing_ok=True)


def copy(template, database, durable=False):
    """Make ``database`` a fresh copy of ``template``; what is not ``durable`` may lose its last second in a crash."""
    drop(database)
    postgres.query(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
    if not durable:
        postgres.query(f'ALTER DATABASE "{database}" SET synchronous_commit = off')
    if _files(template).exists():  # stored files never change, so a second name for each is enough
        shutil.copytree(_files(template), _files(database), copy_function=os.link)


def rename(database, final):
    """Give a finished database its name: from then on it counts as complete."""
    shutil.rmtree(_files(final), ignore_errors=True)
    if _files(database).exists():
        _files(database).replace(_files(final))
    postgres.query(f'ALTER DATABASE "{database}" RENAME TO "{final}"')


def _files(database):
    return place.DATA / "filestore" / database


def base_template(modules=BASE_MODULES):
    """Return the template with Odoo's own modules and demo data, built when there is none for this content."""
    template = f"{ours()}_base_{place.digest(odoo_source.version(), RECIPE, *sorted(modules))}"
    if not exists(template):
        say("building the database template with Odoo's own modules (a minute or two, once)")
        fresh = f"{template}_new"
        drop(fresh)
        odoo.install(fresh, modules, log="template")
        rename(fresh, template)
    return template


def addon_content():
    """Return the hash of what installing the addon puts into a database."""
    files = place.tree_files(place.ADDON, skip=("tests", "README.md"))
    return place.digest(*(part for path in files for part in (str(path.relative_to(place.ADDON)), path)))


def addon_template(modules=BASE_MODULES, after=()):
    """Return the template with the addon as it is on disk now; templates of its earlier states are dropped.

    :param after: modules of Odoo that are installed when the addon is there already
    """
    with steps.lock("templates"):
        return _addon_template(modules, after)


def _addon_template(modules, after):
    base = _addon_template(modules, ()) if after else base_template(modules)
    group = name(f"addon_{place.digest(*sorted(modules), *after, length=4)}")
    template = f"{group}_{place.digest(base, RECIPE, addon_content())}"
    if not exists(template):
        say("installing the addon into a copy of the template")
        for old in names(f"{group}_"):
            drop(old)
        fresh = f"{template}_new"
        copy(base, fresh)
        odoo.install(fresh, after or ("o2c_portal",), log="addon")
        odoo.finish(fresh)
        rename(fresh, template)
    return template
