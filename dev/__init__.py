"""How a machine gets Odoo 19, PostgreSQL, a PDF engine and a mail server, and what ./o2c does with them.

Standard library only: this code runs before the virtual environment exists. Read it in this order:

* ``place``    where everything lies; ``shell`` runs commands and turns their failures into one line
* ``steps``    set-up as steps that record their completion and can be resumed; ``setup`` lists them
* ``system``, ``python_env``, ``node``, ``pdf``, ``odoo_source``, ``postgres``   one step each
* ``database`` templates and cheap copies; ``odoo`` how Odoo is run; ``server`` a running one; ``maildev`` the mails
* ``cli``      the commands; ``testing``, ``demo``, ``main_job``, ``bench`` (and ``peers``), ``doctor`` what
  they do
"""
