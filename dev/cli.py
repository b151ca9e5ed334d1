"""The commands of ./o2c."""

import argparse
import errno
import os
import sys

from . import place, setup
from .shell import Failure, leave_in_order, stop_children


def run(arguments):
    """Run one command; return its exit status. A foreseeable failure is one line on stderr and status 1."""
    leave_in_order()
    parser = _parser()
    options, options.rest = parser.parse_known_args(arguments)
    if options.rest and not getattr(options, "passes_through", False):
        parser.error(f"unknown: {' '.join(options.rest)}")
    try:
        return options.action(options) or 0
    except Failure as error:
        print(f"o2c: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        print(f"o2c: {error.strerror}: {error.filename or place.HOME}; see ./o2c doctor", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("o2c: stopped; run the same command again to go on", file=sys.stderr)
        return 130
    finally:
        stop_children()


def _parser():
    parser = argparse.ArgumentParser(
        prog="./o2c", description="Set up, show, test and measure the addon o2c_portal on a real Odoo 19."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser(
        "demo", help="set everything up, then sell, invoice, send and get paid on a demo database"
    )
    demo.add_argument(
        "--check", action="store_true", help="drive the main job in a headless browser, print what was seen, and end"
    )
    demo.add_argument("--pictures", action="store_true", help="take the pictures in docs/ anew, and end")
    demo.add_argument("--port", type=int, help="port of Odoo (a free one from 8069 on otherwise)")
    demo.add_argument("--website", action="store_true", help="with the website and shop apps installed")
    demo.set_defaults(action=_demo)

    test = commands.add_parser(
        "test", help="run all tests; paths, -k and other pytest options pass through", allow_abbrev=False
    )
    test.add_argument("--fast", action="store_true", help="linters and tests without a database only")
    test.add_argument("--odoo-runner", action="store_true", help="run the addon's tests under Odoo's own runner")
    test.add_argument(
        "--odoo-suites", action="store_true", help="run Odoo's suites of the apps we extend, with the addon installed"
    )
    test.set_defaults(action=_test, passes_through=True)

    serve = commands.add_parser("serve", help="serve the demo database, reloading views and templates as they change")
    serve.add_argument("--port", type=int)
    serve.set_defaults(action=_serve)

    commands.add_parser("shell", help="a Python shell on the demo database").set_defaults(action=_shell)

    base = commands.add_parser("db", help="db reset: make the demo database anew")
    base.add_argument("what", choices=["reset"])
    base.set_defaults(action=_reset)

    commands.add_parser("doctor", help="say what is installed, what is missing, and what to do").set_defaults(
        action=_doctor
    )

    bench = commands.add_parser("bench", help="measure a case against its peer or floor")
    bench.add_argument("case", nargs="?", help="name of a file in benchmarks/; all of them without")
    bench.set_defaults(action=_bench)
    return parser


def _test(options):
    from . import testing

    setup.ensure()
    if options.fast:
        return testing.fast(options.rest)
    if options.odoo_runner:
        return testing.odoo_runner(options.rest)
    if options.odoo_suites:
        from . import suites

        return suites.run()
    return testing.full(options.rest)


def _serve(options):
    from . import demo

    setup.ensure()
    return demo.serve_alone(options.port)


def _shell(options):
    from . import demo, odoo

    setup.ensure()
    database = demo.database_ready()
    command = odoo.command(database, "shell", "--no-http", "--log-level=warn")
    os.execve(command[0], command, {**os.environ, **odoo.environment()})


def _reset(options):
    from . import demo

    setup.ensure()
    demo.reset()
    return 0


def _doctor(options):
    from . import doctor

    return doctor.report()


def _demo(options):
    from . import demo

    setup.ensure()
    if options.pictures:
        return demo.pictures(options.port)
    run = demo.check if options.check else demo.serve
    return run(options.port, options.website)


def _bench(options):
    from . import bench

    setup.ensure()
    return bench.run(options.case)
