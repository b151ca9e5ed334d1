"""Adds to ir.http: public pay pages answer plainly even when a request never reaches them."""

import json

from werkzeug.exceptions import HTTPException

from odoo import models
from odoo.exceptions import UserError
from odoo.http import Response, request

from ..core import public_surface

_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Please try again</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>Please try again</h1>
<p>This page cannot be shown at the moment. Nothing was charged by opening it.</p></main></body></html>"""


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _handle_error(cls, exception):
        """Override: on the public pay pages nothing but a plain answer leaves, whatever broke before or around them."""
        response = super()._handle_error(exception)
        path = request.httprequest.path
        if path != "/pay" and not path.startswith("/pay/"):
            return response
        status = cls._o2c_status(exception)
        if request.httprequest.method == "POST" and path != "/pay":  # there a form is posted, elsewhere scripts ask
            body = json.dumps({"error": {"code": status, "message": "refused", "data": {"message": ""}}})
            response = Response(body, status=status, content_type="application/json; charset=utf-8")
        else:
            response = Response(_PAGE, status=status, content_type="text/html; charset=utf-8")
        response.headers.extend(public_surface.HEADERS)
        response.headers["Content-Security-Policy"] = public_surface.locked_policy()
        return response

    @classmethod
    def _o2c_status(cls, exception):
        """Return the status to admit to: the client's mistakes are named, ours are all "try again later"."""
        if isinstance(exception, HTTPException) and exception.code and exception.code < 500:
            return exception.code
        return 422 if isinstance(exception, UserError) else 503

    @classmethod
    def _dispatch(cls, endpoint):
        """Override: a query parameter named like the endpoint's first argument is a bad input, not a crash."""
        if f"{request.httprequest.path}/".startswith(("/pay/", "/my/billing/")):
            request.params.pop("self", None)
        return super()._dispatch(endpoint)
