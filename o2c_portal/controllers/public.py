"""What all public pages share: one way to refuse, one set of headers, one rule for the language."""

import functools
import logging
import zlib

import psycopg2
import psycopg2.errors
from werkzeug.exceptions import HTTPException

from odoo.exceptions import ConcurrencyError
from odoo.http import Response, request
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools.misc import file_open

from ..core import public_surface
from ..core.start import BadStart

_logger = logging.getLogger(__name__)
TRY_AGAIN_SECONDS = "600"
# What Odoo answers by running the request again, in a new transaction or one that may write.
AGAIN = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError, psycopg2.errors.ReadOnlySqlTransaction)


class Refusal(Exception):
    """A public page says no: an HTTP status, a code, and for programs a sentence for their user and some data."""

    def __init__(self, status, code, message="", **data):
        super().__init__(code)
        self.status, self.code, self.message, self.data = status, code, message, data


def guarded(answer, *methods):
    """Make an endpoint answer in one way, whatever happens in it.

    A ``Refusal`` becomes what ``answer(refusal)`` returns, anything unforeseen the same without any detail. Conflicts
    with concurrent requests are left to Odoo, which runs the request again.

    :param methods: the HTTP methods the endpoint takes, none for all; others get 405
    """

    def decorator(endpoint):
        @functools.wraps(endpoint)
        def wrapper(self, *args, **kwargs):
            try:
                if methods and request.httprequest.method not in methods:
                    raise Refusal(405, "method_not_allowed")
                response = endpoint(self, *args, **kwargs)
                response.flatten()  # a template that fails must fail here
            except AGAIN:
                raise
            except Exception as error:  # noqa: BLE001  the caller of a public page learns nothing about the error
                request.env.cr.rollback()
                refusal = _as_refusal(error)
                response = answer(refusal)
                response.flatten()
                if refusal.status == 405:
                    response.headers["Allow"] = ", ".join(methods)
                if refusal.status in (429, 503):
                    response.headers["Retry-After"] = TRY_AGAIN_SECONDS
            return with_headers(response)

        wrapper.o2c_methods = methods
        return wrapper

    return decorator


def _as_refusal(error):
    if isinstance(error, Refusal):
        return error
    if isinstance(error, BadStart):
        return Refusal(error.status, error.code)
    if isinstance(error, HTTPException) and error.code and error.code < 500:
        return Refusal(error.code, "malformed")
    if isinstance(error, psycopg2.IntegrityError):
        return Refusal(409, "in_progress")
    _logger.error("A public page failed", exc_info=error)
    return Refusal(503, "unavailable")


def with_headers(response):
    """Add the headers every public answer carries; a policy the page has set itself stays."""
    for name, value in public_surface.HEADERS:
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", public_surface.locked_policy())
    return response


def speak(customer_language=None, timezone=None):
    """Set language and time zone of this request: a user's own, else what reader and customer have in common."""
    user = request.env.user
    if user._is_public():
        accepted = [tag for tag, quality in request.httprequest.accept_languages if quality > 0]
    else:
        accepted, timezone = [user.lang or ""], timezone or user.tz
    installed = [code for code, _name in request.env["res.lang"].get_installed()]
    language = public_surface.pick_language(accepted, customer_language, installed, request.env.lang)
    request.update_context(lang=language, tz=timezone or "UTC")


def page(template, values, status=200):
    """Return a page in our own layout."""
    language = request.env["res.lang"]._get_data(code=request.env.lang)
    layout = {
        "html_lang": request.env.lang.replace("_", "-"),
        "direction": language.direction or "ltr",
        "static_url": static_url,
    }
    return Response(template=template, qcontext={**layout, **values}, status=status)


@functools.cache
def static_url(path):
    """Return the address of one of our static files, with a fingerprint: browsers keep it until it changes."""
    with file_open(f"o2c_portal/static/src/pay/{path}", "rb") as file:
        return f"/o2c_portal/static/src/pay/{path}?v={zlib.crc32(file.read()):x}"
