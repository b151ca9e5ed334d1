"""The statement page and its files: the visitor's own account, nothing else, and nothing written."""

import io
import re
from unittest.mock import patch

import requests
from lxml import html
from openpyxl import load_workbook

from odoo.sql_db import db_connect
from odoo.tests import HttpCase, new_test_user
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from ..core.limits import Limit
from ..core.statement import Period
from .pay_common import LEAKS, REQUIRED_HEADERS
from .statement_common import StatementCase

PATH = "/my/billing/statement"


class TestStatementPage(StatementCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.docs = cls._busy_account()
        cls.contact = cls.env["res.partner"].create({"name": "Ann", "parent_id": cls.customer.id})
        cls.user = new_test_user(
            cls.env, "statement_reader", groups="base.group_portal", partner_id=cls.contact.id,
            company_id=cls.company.id, company_ids=[(6, 0, cls.company.ids)],
        )
        cls.stranger = cls.env["res.partner"].create({"name": "Stranger"})
        cls.foreign = cls._make_invoice(777.0, None, cls._ago(30), partner=cls.stranger)

    def setUp(self):
        super().setUp()
        self.authenticate("statement_reader", "statement_reader")
        self._forget_hits()
        self.addCleanup(self._forget_hits)

    def _forget_hits(self):
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("DELETE FROM o2c_rate_hit WHERE bucket = 'statement_pdf'")

    def _ask(self, suffix="", method="GET", **query):
        """Ask for the page; ``from_`` stands for ``from``."""
        self.env.flush_all()
        query = {name.rstrip("_"): str(value) for name, value in query.items()}
        with self.allow_requests():
            response = self.opener.send(self.opener.prepare_request(requests.Request(
                method, self.base_url() + PATH + suffix, params=query,
            )), timeout=30, allow_redirects=False)
        self.assertLess(response.status_code, 500, response.text[:300])
        for leak in LEAKS:
            self.assertNotIn(leak, response.text)
        return response

    def _rows(self, response):
        """Return the rows of the tables as lists of texts, without narrow labels."""
        page = html.fromstring(response.text)
        for label in page.xpath("//*[contains(@class, 'o2c-narrow')]"):
            label.drop_tree()
        return [
            [" ".join(cell.text_content().split()) for cell in row.xpath("./th|./td")]
            for row in page.xpath("//tbody/tr")
        ]

    def test_open_items_when_nothing_is_asked(self):
        response = self._ask()
        self.assertEqual(response.status_code, 200)
        for name, value in REQUIRED_HEADERS.items():
            self.assertEqual(response.headers.get(name), value)
        text = response.text
        self.assertIn("Open items as of", text)
        self.assertIn(self.docs["first"].name, text)
        self.assertNotIn(self.foreign.name, text)
        self.assertIn("70 days overdue", text)
        self.assertEqual(text.count("<table"), 2, "a table for each currency")
        self.assertEqual(len(re.findall("<h1", text)), 1)

    def test_activity(self):
        response = self._ask(kind="activity", from_=self._ago(30), to=self.today)
        rows = self._rows(response)
        self.assertEqual(rows[0][0], "Opening balance")
        self.assertEqual(rows[0][-1], "$ 800.00")
        self.assertEqual([row[0].split(" ")[0] for row in rows[1:3]],
                         [self.docs["refund"].name, self.docs["loose"].name])
        self.assertEqual((rows[3][0], rows[3][-1]), ("Closing balance", "$ 470.00"))

    def test_an_account_without_anything(self):
        new_test_user(self.env, "fresh_reader", groups="base.group_portal")
        period = {"kind": "activity", "from_": self._ago(500), "to": self._ago(400)}
        for login, query, words in [
            ("fresh_reader", {}, "Nothing is open"),
            ("fresh_reader", period, "no activity"),
            ("statement_reader", period, "no activity"),
        ]:
            with self.subTest(login=login, query=query):
                self.authenticate(login, login)
                response = self._ask(**query)
                self.assertIn(words, response.text)
                self.assertEqual(self._rows(response), [])

    def test_what_is_wrong_is_said_beside_the_field(self):
        for query, field, words in [
            ({"kind": "activity", "from_": "2020-01-01", "to": str(self.today)}, "from", "24 months at most"),
            ({"kind": "activity", "from_": str(self.today), "to": str(self._ago(1))}, "from", "after the last day"),
            ({"kind": "activity", "from_": "31/01/2026", "to": str(self.today)}, "from", "not a day"),
            ({"kind": "activity", "from_": str(self.today)}, "to", "Enter a day"),
            ({"kind": "open", "to": str(self._ago(-1))}, "to", "cannot be in the future"),
            ({"kind": "nonsense"}, "kind", "Choose what to show"),
        ]:
            for suffix in ("", ".csv", ".pdf"):
                with self.subTest(query=query, suffix=suffix):
                    response = self._ask(suffix, **query)
                    self.assertEqual(response.status_code, 422)
                    page = html.fromstring(response.text)
                    self.assertIn(words, page.xpath("//*[@role='alert']")[0].text_content())
                    self.assertEqual(page.xpath("//*[@role='alert']//a/@href"), [f"#statement-{field}"])
                    self.assertIn(words, page.get_element_by_id(f"error-{field}").text_content())
                    self.assertTrue(page.xpath(f"//*[@id='statement-{field}'][@aria-describedby='error-{field}']"))
                    for name in ("from", "to"):
                        self.assertEqual(page.get_element_by_id(f"statement-{name}").get("value", ""),
                                         query.get(f"{name}_", query.get(name, "")))
                    self.assertFalse(page.xpath("//table"))

    def test_nobody_else(self):
        for query in ({"partner_id": self.stranger.id}, {"partner": self.stranger.id}, {"company_id": 0}):
            with self.subTest(query=query):
                response = self._ask(**query)
                self.assertNotIn(self.foreign.name, response.text)
                self.assertIn(self.docs["first"].name, response.text)
        for suffix in (f"/{self.stranger.id}", ".html", ".PDF", ".pdf/1", "."):
            with self.subTest(suffix=suffix):
                self.assertEqual(self._ask(suffix).status_code, 404)

    def test_no_answer_without_a_login(self):
        self.authenticate(None, None)
        for suffix in ("", ".pdf", ".csv", ".xlsx"):
            with self.subTest(suffix=suffix):
                response = self._ask(suffix)
                self.assertEqual(response.status_code, 303)
                self.assertIn("/web/login", response.headers["Location"])

    def test_only_reading(self):
        for method, statuses in (("POST", (400, 405)), ("PUT", (400, 405)), ("HEAD", (200,)), ("GET", (200,))):
            for suffix in ("", ".csv"):
                with self.subTest(method=method, suffix=suffix), mute_logger("odoo.http"):
                    self.assertIn(self._ask(suffix, method=method).status_code, statuses)

    def test_documents_of_ones_own_only(self):
        own = self._make_invoice(10.0, None, self._ago(9), partner=self.contact)
        original = type(self.env["o2c.account"])._scope

        def narrow(model, user):
            scope = original(model, user)
            return type(scope)(scope.partner, scope.contact, scope.company_ids, own_only=True)

        with patch.object(self.env.registry["o2c.account"], "_scope", narrow):
            self.assertEqual([row[0].split(" ")[0] for row in self._rows(self._ask())], [own.name])
            self.assertEqual(self._ask(kind="activity", from_=self._ago(30), to=self.today).status_code, 422)
            self.assertNotIn(self.docs["first"].name, self._ask(".csv").text)
            paper = self._ask(".pdf").text
        self.assertIn(own.name, paper)
        self.assertNotIn(self.docs["first"].name, paper)

    def test_files(self):
        query = {"kind": "activity", "from_": self._ago(30), "to": self.today}
        name = f"statement-{self._ago(30)}_{self.today}"
        content = self._ask(".csv", **query)
        self.assertEqual(content.headers["Content-Type"], "text/csv; charset=utf-8")
        self.assertIn(f"{name}.csv", content.headers["Content-Disposition"])
        self.assertTrue(content.content.startswith(b"\xef\xbb\xbf"))
        lines = content.content.decode("utf-8-sig").splitlines()
        self.assertIn(f",{self.docs['loose'].name},on account,,,80.00,470.00", lines[3])
        book = self._ask(".xlsx", **query)
        self.assertIn(f"{name}.xlsx", book.headers["Content-Disposition"])
        rows = list(load_workbook(io.BytesIO(book.content)).active.values)
        self.assertEqual((len(rows), rows[3][-1]), (len(lines), 470))
        paper = self._ask(".pdf", **query)
        self.assertEqual((paper.status_code, paper.headers["Content-Type"]), (200, "application/pdf"))
        self.assertIn(f"{name}.pdf", paper.headers["Content-Disposition"])
        self.assertIn(self.docs["refund"].name, paper.text, "tests get the paper before it is printed")

    def test_paper_is_printed_without_waiting(self):
        report = self.env["ir.actions.report"].sudo()
        paper = self.env["o2c.statement.paper"].sudo().with_context(force_report_rendering=True)
        original, commands = type(report)._build_wkhtmltopdf_args, []

        def listen(model, *args, **kwargs):
            commands.append(original(model, *args, **kwargs))
            return commands[-1]

        with patch.object(self.env.registry["ir.actions.report"], "_build_wkhtmltopdf_args", listen):
            content = paper._pdf(self.customer, self.company, Period("open", None, self.today))
        text = " ".join(page.extract_text() for page in OdooPdfFileReader(io.BytesIO(content)).pages)
        for words in ("Statement of account", "Balance due USD", self.docs["first"].name, self.docs["loose"].name):
            self.assertIn(words, " ".join(text.split()).replace("\N{NO-BREAK SPACE}", " "))
        self.assertEqual(commands[0][commands[0].index("--javascript-delay") + 1], "100")

    def test_printing_is_limited(self):
        with patch.dict("odoo.addons.o2c_portal.core.limits.LIMITS", {"statement_pdf": Limit(2, 600)}):
            self.assertEqual([self._ask(".pdf").status_code for _time in range(3)], [200, 200, 429])
            self.assertEqual(self._ask(".csv").status_code, 200)

    def test_long_statements_have_pages_that_join_up(self):
        reader = new_test_user(self.env, "long_reader", groups="base.group_portal")
        for _number in range(45):
            self._entry(1.0, days=10, partner=reader.partner_id)
        self.authenticate("long_reader", "long_reader")
        query = {"kind": "activity", "from_": self._ago(20), "to": self.today}
        first, second = self._rows(self._ask(**query)), self._rows(self._ask(**query, page=2))
        self.assertEqual((len(first), len(second)), (41, 7))
        self.assertEqual((second[0][0], second[0][-1], second[-1][-1]), ("Brought forward", "$ 40.00", "$ 45.00"))
        for page in ("0", "3", "-1", "x", "9" * 40, "²"):
            with self.subTest(page=page):
                self.assertEqual(self._ask(**query, page=page).status_code, 404)
