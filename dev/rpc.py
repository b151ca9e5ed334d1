"""Odoo over the wire, as one user."""

import json
import urllib.request


class Client:
    """Odoo over JSON-RPC as one user: ``client("res.partner", "create", {...})``; errors raise RpcError."""

    def __init__(self, url, database, login="admin", password="admin"):
        self._url = f"{url}/jsonrpc"
        self._access = [database, None, password]
        self.uid = self._call("common", "login", [database, login, password])
        if not self.uid:
            raise RpcError(f"{login} cannot log in")
        self._access[1] = self.uid

    def __call__(self, model, method, *arguments, **keywords):
        return self._call("object", "execute_kw", [*self._access, model, method, arguments, keywords])

    def _call(self, service, method, arguments):
        body = {"jsonrpc": "2.0", "method": "call", "params": {"service": service, "method": method, "args": arguments}}
        request = urllib.request.Request(self._url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            found = json.load(answer)
        if "error" in found:
            raise RpcError(found["error"]["data"]["message"])
        return found.get("result")


class RpcError(Exception):
    """What the server answered instead of a result: the message of its exception."""
