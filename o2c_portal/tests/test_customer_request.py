"""What customers tell us solves itself or becomes a task, once."""

from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .people_common import AccountCase

HELP = "/my/billing/help"
PDF = b"%PDF-1.4\nslip"
ALERTS = "//div[@role='alert']//a/@href"


class RequestCase(AccountCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "clerk_of_requests", groups="o2c_portal.o2c_portal_group_user")
        cls.env.company.o2c_request_user_id = cls.clerk
        cls.requests = cls.env["o2c.customer.request"].sudo()
        cls.invoice = cls._make_invoice(100)
        cls.mails = cls.env["mail.mail"].sudo()

    def setUp(self):
        super().setUp()
        self._login(self.alice)
        self.mails.search([]).unlink()

    def _paid(self, **changes):
        return {"invoice": self.invoice.id, "paid_on": Date.to_string(Date.today()), "how": "transfer", **changes}

    def _send(self, kind, data, status=303, files=None):
        return self._post(f"{HELP}/{kind}/send", data, status, files)

    def _last(self):
        return self.requests.search([], limit=1)


@tagged("post_install", "-at_install")
class TestCustomerRequest(RequestCase):

    def test_already_paid(self):
        response = self._send("already_paid", self._paid(
            reference="T-17", amount="80.50", message="See the slip. Card 4242 4242 4242 4242",
        ), files=[("files", ("../slip.exe", PDF, "text/html"))])
        self.assertEqual(response.headers["Location"], f"{HELP}?done=already_paid")
        request = self._last()
        self.assertEqual(
            (request.kind, request.state, request.move_ids, request.partner_id, request.contact_id),
            ("already_paid", "new", self.invoice, self.customer, self.alice.partner_id),
        )
        self.assertEqual((request.amount, request.reference, request.message),
                         (80.5, "T-17", "See the slip. Card **** 4242"))
        self.assertEqual((request.attachment_ids.name, request.attachment_ids.mimetype, request.attachment_ids.public),
                         ("slip.pdf", "application/pdf", False))
        until = Date.add(Date.today(), days=7)
        self.assertEqual(request.pause_until, until)
        self.assertEqual(self.requests._paused_until(self.invoice), {self.invoice.id: until})
        self.assertEqual((request.activity_ids.user_id, request.user_id), (self.clerk, self.clerk))
        self.assertIn("o2c_already_paid", self.invoice._get_alerts())
        self.assertEqual(self.invoice.o2c_request_count, 1)
        self.assertIn("No reminders about it until", self._get(HELP).text)

    def test_nothing_typed_stands_for_all_that_is_open(self):
        self._send("already_paid", self._paid())
        self.assertEqual(self._last().amount, 100)

    def test_one_open_request_per_kind_and_document(self):
        self._send("already_paid", self._paid())
        page = self._send("already_paid", self._paid(), 422)
        self.assertEqual(self._tree(page).xpath(ALERTS), ["#o2c-invoice"])
        self._login(self.bob)
        self._send("already_paid", self._paid(), 422)
        self.assertEqual(len(self.requests.search([])), 1)
        values = {"kind": "already_paid", "partner_id": self.customer.id, "contact_id": self.customer.id,
                  "company_id": self.env.company.id}
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.requests._make(values, self.invoice, [])
        with patch.object(self.env.registry["o2c.account.requests"], "_open_items",
                          lambda self, moves, kind: moves.browse()), mute_logger("odoo.sql_db"):
            self._send("already_paid", self._paid(), 409)
        self._send("po_number", {"invoice": self.invoice.id, "po_number": "PO 1"})
        self.assertEqual(len(self.requests.search([])), 2)

    def test_a_document_is_paused_once(self):
        self._send("already_paid", self._paid())
        request = self._last().with_user(self.clerk)
        with self.assertRaises(UserError):
            request.action_reject()
        request.reason = "We find no payment."
        request.action_reject()
        self.assertEqual((request.state, self.requests._paused_until(self.invoice)), ("rejected", {}))
        self.assertIn("We find no payment.", self.mails.search([("email_to", "=", "alice@example.com")]).body_html)
        self.assertIn("We find no payment.", self._get(HELP).text)
        self._send("already_paid", self._paid())
        self.assertEqual((self._last().state, self._last().pause_until), ("new", False))
        self.assertEqual(self.requests._paused_until(self.invoice), {})

    def test_a_clerk_ends_the_pause(self):
        self._send("already_paid", self._paid())
        with self.assertRaises(AccessError):
            self._last().with_user(self.alice).action_end_pause()
        self._last().with_user(self.clerk).action_end_pause()
        self.assertEqual(self.requests._paused_until(self.invoice), {})

    def test_done_makes_room(self):
        self._send("already_paid", self._paid())
        self._last().with_user(self.clerk).action_done()
        self.assertFalse(self._last().activity_ids)
        self.assertNotIn("o2c_already_paid", self.invoice._get_alerts())
        self._send("already_paid", self._paid())

    def test_a_salesperson_gets_the_task_on_the_invoice(self):
        seller = new_test_user(self.env, "seller_of_requests", groups="sales_team.group_sale_salesman")
        self.env.company.o2c_request_user_id = False
        self.invoice.invoice_user_id = seller
        self._send("already_paid", self._paid())
        self.assertEqual(self.invoice.activity_ids.user_id, seller)

    def test_a_number_fills_an_empty_reference(self):
        self._send("po_number", {"invoice": self.invoice.id, "po_number": " PO  4711 "})
        self.assertEqual((self.invoice.ref, self._last().state), ("PO 4711", "done"))
        other = self._make_invoice(50, ref="PO 1")
        self._send("po_number", {"invoice": other.id, "po_number": "PO 2"})
        self.assertEqual((other.ref, self._last().state, self._last().activity_ids.user_id),
                         ("PO 1", "new", self.clerk))
        sent = self._make_invoice(60)
        self.env["ir.attachment"].create({
            "name": "x.pdf", "raw": PDF, "res_model": "account.move", "res_id": sent.id,
            "res_field": "invoice_pdf_report_file",
        })
        sent.invalidate_recordset()
        self._send("po_number", {"invoice": sent.id, "po_number": "PO 3"})
        self.assertEqual((sent.ref, self._last().state), ("PO 3", "new"), "the PDF that was sent is fixed")

    def test_a_copy_goes_to_ones_own_address_only(self):
        self._send("copy", {"invoice": self.invoice.id, "email": "thief@example.com", "contact_email": "x@example.com"})
        self.assertEqual(self._last().state, "new")
        self.assertFalse(self.mails.search([]), "by the job, not in the request")
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda self, *args, **kw: 10):
            self.requests._cron_send_copies()
        mail = self.mails.search([])
        self.assertEqual((mail.email_to, len(mail.attachment_ids)), ("alice@example.com", 1))
        self.assertFalse(mail.attachment_ids.public)
        self.assertEqual(self._last().state, "done")

    def test_a_copy_that_cannot_be_made_becomes_a_task(self):
        self._send("copy", {"invoice": self.invoice.id})
        with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda self, *args, **kw: 10), \
             patch.object(self.env.registry["o2c.customer.request"], "_pdf", side_effect=ValueError), \
             mute_logger("odoo.addons.o2c_portal.models.o2c_customer_request"):
            for _try in range(4):
                self.requests._cron_send_copies()
        self.assertEqual((self._last().tries, self._last().state, self._last().activity_ids.user_id),
                         (3, "new", self.clerk))

    def test_the_right_contact(self):
        self._send("wrong_contact", {"contact_name": "Carol", "contact_email": "Carol@example.com"})
        request = self._last()
        self.assertEqual((request.contact_email, request.activity_ids.user_id), ("carol@example.com", self.clerk))
        self.assertFalse(self.customer._o2c_named_contacts("invoice"), "nothing changes before a clerk agrees")
        request.with_user(self.clerk).action_accept_contact()
        carol = self.customer._o2c_named_contacts("invoice")
        self.assertEqual((carol.name, carol.parent_id, request.state), ("Carol", self.customer, "done"))
        self._send("wrong_contact", {"contact_name": "Bob", "contact_email": "bob@example.com"})
        self._last().with_user(self.clerk).action_accept_contact()
        self.assertEqual(self.customer._o2c_named_contacts("invoice"), carol | self.bob.partner_id)


@tagged("post_install", "-at_install")
class TestCustomerRequestPages(RequestCase):

    def test_pages(self):
        page = self._get(f"{HELP}?invoice={self.invoice.id}")
        links = self._tree(page).xpath("//ul[@class='o2c-choices']//a/@href")
        self.assertEqual(len(links), 4)
        for link in links:
            form = self._get(link)
            self.assertTrue(self._tree(form).xpath(f"//input[@name='invoice'][@value={self.invoice.id}][@checked]"))
            self.assertEqual(len(self._tree(form).xpath("//h1")), 1)
        self.assertEqual(self.requests.search([]), self.requests.browse())

    def test_foreign_documents_do_not_exist(self):
        foreign = self._make_invoice(50, partner=self.stranger)
        draft = self._make_invoice(50, post=False)
        for invoice in (foreign, draft):
            self.assertNotIn(f'value="{invoice.id}"', self._get(f"{HELP}/copy?invoice={invoice.id}").text)
            for kind, data in (("already_paid", self._paid(invoice=invoice.id)), ("copy", {"invoice": invoice.id}),
                               ("po_number", {"invoice": invoice.id, "po_number": "1"}),
                               ("wrong_contact", {"invoice": invoice.id, "contact_name": "A",
                                                  "contact_email": "a@example.com"})):
                self._send(kind, data, 404)
        self._send("copy", {"number": foreign.name}, 422)
        self.assertFalse(self.requests.search([]))
        self.assertFalse(foreign.ref)

    def test_other_companies_documents_do_not_exist(self):
        other = self._create_company(name="Other Company")
        self.alice.sudo().write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self._send("already_paid", self._paid(), 404)

    def test_bad_ids(self):
        for text in ("x", "-1", "1e3", "9" * 30, "é", "²", "1;drop", "0"):
            with self.subTest(text=text):
                self._send("copy", {"invoice": text}, 404)
                self._get(f"{HELP}/copy?invoice={text}", 200 if text == "0" else 404)
        self._get(f"{HELP}/unknown", 404)
        self._send("unknown", {}, 404)
        self._send("_submit", {}, 404)

    def test_incomplete_forms(self):
        long, later = "x" * 65, Date.to_string(Date.add(Date.today(), days=1))
        table = [
            ("already_paid", {"invoice": []}, ["invoice"]),
            ("already_paid", {"paid_on": ""}, ["paid_on"]),
            ("already_paid", {"paid_on": "31.12.2025"}, ["paid_on"]),
            ("already_paid", {"paid_on": later}, ["paid_on"]),
            ("already_paid", {"paid_on": "1999-01-01"}, ["paid_on"]),
            ("already_paid", {"how": "gift"}, ["how"]),
            ("already_paid", {"amount": "-5"}, ["amount"]),
            ("already_paid", {"amount": "1e3"}, ["amount"]),
            ("already_paid", {"amount": "0"}, ["amount"]),
            ("already_paid", {"reference": long}, ["reference"]),
            ("already_paid", {"message": "x" * 2001}, ["message"]),
            ("already_paid", {"paid_on": "", "how": "", "invoice": []}, ["how", "invoice", "paid_on"]),
        ]
        for kind, changes, wrong in table:
            with self.subTest(changes=str(changes)[:60]):
                page = self._send(kind, self._paid(**changes), 422)
                self.assertEqual(sorted(self._tree(page).xpath(ALERTS)), [f"#o2c-{field}" for field in wrong])
        for kind, data, wrong in (
            ("po_number", {"invoice": self.invoice.id, "po_number": " "}, ["po_number"]),
            ("po_number", {"invoice": self.invoice.id, "po_number": "a\x07b"}, ["po_number"]),
            ("wrong_contact", {"contact_name": "", "contact_email": "x"}, ["contact_email", "contact_name"]),
            ("wrong_contact", {"contact_name": "A", "contact_email": "a@example.com\r\nBcc: b@example.com"},
             ["contact_email"]),
            ("copy", {}, ["invoice"]),
            ("copy", {"number": "%"}, ["invoice"]),
        ):
            with self.subTest(kind=kind, data=str(data)[:60]):
                page = self._send(kind, data, 422)
                self.assertEqual(sorted(self._tree(page).xpath(ALERTS)), [f"#o2c-{field}" for field in wrong])
        self.assertFalse(self.requests.search([]))

    def test_what_was_typed_is_kept(self):
        page = self._send("already_paid", self._paid(how="", reference="T<b>"), 422)
        tree = self._tree(page)
        self.assertEqual(tree.xpath("//input[@name='reference']/@value"), ["T<b>"])
        self.assertTrue(tree.xpath(f"//input[@name='invoice'][@value={self.invoice.id}][@checked]"))
        self.assertIn("o2c-how-error", tree.xpath("//select[@name='how']/@aria-describedby")[0])

    def test_files(self):
        png = b"\x89PNG\r\n\x1a\n" + b"x" * 20
        for files, status in (
            ([("a.pdf", b"<html>")], 422), ([("a.html", b"<script>")], 422), ([("a.exe", b"MZ")], 422),
            ([("a.svg", b"<svg onload=alert(1)>")], 422), ([("a.pdf", b"")], 422), ([("a.pdf", PDF)] * 4, 422),
            ([("a.pdf", PDF + b"x" * 5 * 1024 * 1024)], 422), ([("a.pdf", PDF), ("b.exe", b"MZ")], 422),
            ([("a.pdf", PDF), ("<img src=x onerror=alert(1)>.png", png), ("c.jpg", b"\xff\xd8\xff")], 303),
        ):
            with self.subTest(names=[name for name, _content in files]):
                page = self._send("already_paid", self._paid(), status, [
                    ("files", (name, content, "application/pdf")) for name, content in files
                ])
                if status == 422:
                    self.assertEqual(self._tree(page).xpath(ALERTS), ["#o2c-files"])
                    self.assertFalse(self.requests.search([]))
        found = self._last().attachment_ids
        self.assertEqual(sorted(found.mapped("name")), ["_img src_x onerror_alert(1)_.png", "a.pdf", "c.jpg"])
        for user in (self.alice, self.mallory, None):
            self._login(user)
            for attachment in found:
                self.assertNotEqual(self.url_open(f"/web/content/{attachment.id}").status_code, 200)

    def test_too_large_a_body(self):
        with mute_logger("odoo.http"):
            response = self.url_open(f"{HELP}/already_paid/send", data=self._paid(csrf_token=self._csrf()), files=[
                ("files", ("a.pdf", PDF + b"x" * 25 * 1024 * 1024))])
        self.assertEqual(response.status_code, 413)
        self.assertFalse(self.requests.search([]))

    def test_asked_too_often(self):
        for number in range(5):
            self._send("wrong_contact", {"contact_name": f"N{number}", "contact_email": "n@example.com"})
        self._send("wrong_contact", {"contact_name": "N", "contact_email": "n@example.com"}, 429)
        self._send("copy", {"invoice": self.invoice.id})
        self.assertEqual(len(self.requests.search([])), 6)

    def test_methods_and_csrf(self):
        with mute_logger("odoo.http"):
            self.assertEqual(
                self.url_open(f"{HELP}/copy/send", data={"invoice": self.invoice.id}).status_code, 400)
        self._get(f"{HELP}/copy/send", 405)
        self.assertFalse(self.requests.search([]))

    def test_unknown_fields_change_nothing(self):
        self._send("already_paid", self._paid(state="done", pause_until="2099-01-01", partner_id=self.stranger.id,
                                              company_id=9, user_id=2, kind="copy", message="x"))
        request = self._last()
        self.assertEqual((request.state, request.kind, request.partner_id), ("new", "already_paid", self.customer))
        self.assertEqual(request.pause_until, Date.add(Date.today(), days=7))

    def test_a_deactivated_user_is_out(self):
        self.alice.sudo().active = False
        self.env.flush_all()
        response = self.url_open(f"{HELP}/copy/send", data={"invoice": self.invoice.id}, allow_redirects=False)
        self.assertIn(response.status_code, (303, 400))
        self.assertFalse(self.requests.search([]))

    def test_only_ones_own_history(self):
        self._send("wrong_contact", {"contact_name": "<b>Nobody</b>", "contact_email": "n@example.com"})
        self.assertIn("Wrong contact", self._get(HELP).text)
        self._login(self.mallory)
        self.assertNotIn("Wrong contact", self._get(HELP).text)
