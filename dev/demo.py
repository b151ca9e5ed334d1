"""./o2c demo: the demo database, its server, its mails."""

import os

from . import database, odoo, place, steps
from .server import chosen_port
from .shell import say


def database_ready():
    """Return the demo database, made or brought to the addon's present state."""
    demo = database.name("demo")
    stamp = place.STAMPS / demo
    content = database.addon_content()
    if not database.exists(demo):
        template = database.addon_template()
        fresh = f"{demo}_new"
        database.copy(template, fresh, durable=True)
        database.rename(fresh, demo)
    elif not stamp.exists() or stamp.read_text() != content:
        say("the addon changed: updating the demo database")
        odoo.install(demo, ("o2c_portal",), log="update", update=True)
    steps.write(stamp, content)
    return demo


def reset():
    """Make the demo database anew."""
    demo = database.name("demo")
    database.drop(demo)
    database_ready()
    say(f"{demo} is fresh")


def serve_alone(port):
    """Serve the demo database in the foreground, reloading views as they change."""
    demo = database_ready()
    port = chosen_port(port, 8069)
    command = odoo.command(demo, "--dev=xml,qweb", http_port=port)
    say(f"http://127.0.0.1:{port}  login admin, password admin; Ctrl-C ends it")
    os.execve(command[0], command, {**os.environ, **odoo.environment()})
