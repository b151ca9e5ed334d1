"""Shared by the tests of the customer's own pages: two colleagues, a stranger, and a browser for each."""

import re

from lxml import html

from odoo.tests import new_test_user, tagged

from .pay_common import PublicCase


@tagged("post_install", "-at_install")
class AccountCase(PublicCase):
    """``alice`` and ``bob`` belong to the customer, ``mallory`` to another one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.is_company = True
        cls.stranger = cls.env["res.partner"].create({"name": "Strange Ltd", "is_company": True})
        cls.alice, cls.bob, cls.mallory = (
            cls._make_portal_user(name, parent)
            for name, parent in (("alice", cls.customer), ("bob", cls.customer), ("mallory", cls.stranger))
        )

    @classmethod
    def _make_portal_user(cls, name, parent):
        partner = cls.env["res.partner"].create({"name": name, "parent_id": parent.id})
        user = new_test_user(cls.env, name, groups="base.group_portal", partner_id=partner.id)
        partner.write({"name": name.title(), "email": f"{name}@example.com"})
        return user

    def _login(self, user):
        self.authenticate(user.login if user else None, user.login if user else None)

    def _get(self, path, status=200, **kwargs):
        """Ask for a page and check what holds for every answer of ours."""
        self.env.flush_all()
        response = self.url_open(path, allow_redirects=False, **kwargs)
        self.env.invalidate_all()
        self._check(response, status)
        return response

    def _post(self, path, data=None, status=303, files=None, csrf=True):
        """Send a form as the browser would, by default with a good CSRF token."""
        self.env.flush_all()
        fields = {**(data or {}), **({"csrf_token": self._csrf()} if csrf else {})}
        response = self.url_open(path, data=fields, files=files, allow_redirects=False)
        self.env.invalidate_all()
        self._check(response, status)
        return response

    def _check(self, response, status):
        self.assertEqual(response.status_code, status, response.text[:500])
        if response.status_code != 303 or response.headers.get("Cache-Control"):
            self._check_answer(response)

    def _csrf(self):
        """Return the token of the session, as the forms carry it."""
        page = self.url_open("/my/billing/contacts")
        return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]

    @staticmethod
    def _tree(response):
        return html.fromstring(response.text)

    @staticmethod
    def _text(node):
        return " ".join(node.text_content().split())

    def _texts(self, response, xpath):
        return [self._text(node) for node in self._tree(response).xpath(xpath)]
