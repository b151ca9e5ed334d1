"""Order to cash: an invoice becomes the place where it gets paid.

How to read this addon, from the inside out:

* ``core/``         decisions as plain functions: no Odoo, no clock, no I/O; amounts are integers in minor units
* ``gateways/``     the only place that talks to foreign SDKs
* ``models/``       ``o2c_*.py`` are our records and services; every other file extends the Odoo model it is named for
* ``controllers/``  public and portal routes: parse, authorise, one model call, render
* ``wizard/``, ``report/``, ``views/``, ``data/``, ``security/``  the usual Odoo places

Imports point one way: ``controllers | wizard | report -> models -> gateways -> core``.
"""

from . import controllers, logs, models, report, wizard
from .hooks import post_init_hook, uninstall_hook

logs.install()
