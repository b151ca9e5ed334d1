"""./o2c demo: the demo database, its server, its mails."""

import contextlib
import os

from . import database, odoo, place, postgres, steps
from .maildev import MailDev
from .rpc import Client, RpcError
from .server import Server, chosen_port
from .shell import Failure, foreground, say

INVOICES = ("demo_invoice", "demo_invoice_deposit", "demo_invoice_overdue")  # of the addon's demo data


def _modules(website):
    return (*database.BASE_MODULES, "website_sale") if website else database.BASE_MODULES


def database_ready(website=False):
    """Return the demo database, made or brought to the addon's present state; ``website`` is a second one."""
    demo = _name(website)
    stamp = place.STAMPS / demo
    content = database.addon_content()
    if not database.exists(demo):
        template = database.addon_template(_modules(website))
        fresh = f"{demo}_new"
        database.copy(template, fresh, durable=True)
        database.rename(fresh, demo)
    elif not stamp.exists() or stamp.read_text() != content:
        say("the addon changed: updating the demo database")
        odoo.install(demo, ("o2c_portal",), log="update", update=True)
    steps.write(stamp, content)
    return demo


def _name(website):
    return database.name("demo_website" if website else "demo")


def reset():
    """Make the demo database anew, and the one with the website where there is one."""
    for website in (False, True):
        demo = _name(website)
        if not website or database.exists(demo):
            database.drop(demo)
            database_ready(website)
            say(f"{demo} is fresh")


def serve_alone(port):
    """Serve the demo database in the foreground, reloading views as they change."""
    demo = database_ready()
    port = chosen_port("odoo", 8069, port)
    command = odoo.command(demo, "--dev=xml,qweb", http_port=port)
    say(f"http://127.0.0.1:{port}  login admin, password admin; Ctrl-C ends it")
    os.execve(command[0], command, {**os.environ, **odoo.environment()})


@contextlib.contextmanager
def running(demo, port=None, workers=0):
    """Give a running (server, mails) on a database, with addresses in mails that lead to this server."""
    port = chosen_port("odoo", 8069, port)
    with MailDev() as mails:
        server = Server(demo, port, workers, smtp_server="127.0.0.1", smtp_port=mails.port)
        for key, value in {"web.base.url": server.url, "web.base.url.freeze": "True"}.items():
            postgres.query(
                f"INSERT INTO ir_config_parameter (key, value) VALUES ('{key}', '{value}') "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                demo,
            )
        with server:
            yield server, mails


def serve(port, website):
    """Serve the demo database and its mails until Ctrl-C."""
    demo = database_ready(website)
    with running(demo, port) as (server, mails):
        say("the demo is ready")
        print(
            f"""
    Odoo        {server.url}/odoo     login admin, password admin
    Mails       {mails.url}
    Pay Now     {pay_link(server)}     no login needed; the demo provider takes any card number

Ctrl-C ends it; ./o2c db reset starts over.""",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            server.process.wait()
            raise Failure(f"Odoo ended by itself: see {server.log}")
    return 0


def pay_link(server):
    """Return a Pay Now address that is ready to be paid, as staff would copy it, or why there is none."""
    problem = ""
    for name in INVOICES:  # the first ones may be paid already
        try:
            rpc = Client(server.url, server.database)
            invoice = rpc("ir.model.data", "check_object_reference", "o2c_portal", name)[1]
            return rpc("account.move", "action_o2c_copy_pay_link", [invoice])["params"]["url"]
        except RpcError as error:  # somebody has paid, deleted, or changed the password
            problem = problem or str(error)
    return f"{problem} (./o2c db reset starts over)"


def check(port, website):
    """Drive the main job on a fresh copy of the demo; return 1 when a step fails."""
    return _drive("dev.main_job", port, website)


def pictures(port):
    """Take the pictures of the guides on a fresh copy of the demo; return 1 when one cannot be taken."""
    return _drive("dev.pictures", port)


def _drive(program, port, website=False):
    """Run a program against a server on a fresh copy of the demo; return its exit status."""
    fresh = database.name("check")
    database.copy(database.addon_template(_modules(website)), fresh)
    try:
        with running(fresh, port) as (server, mails):
            command = [place.PYTHON, "-m", program, server.url, fresh, mails.url]
            return foreground(command, odoo.environment(), cwd=place.ROOT)
    finally:
        database.drop(fresh)
