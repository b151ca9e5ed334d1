"""Which banner is shown to whom, what is counted, and what the result says."""

import base64
import io
import json
from datetime import timedelta

from PIL import Image

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Date, Datetime
from odoo.tests import tagged

from .banner_common import PIXEL, BannerCase

SVG = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="


@tagged("post_install", "-at_install")
class TestBannerChoice(BannerCase):
    """Who sees what."""

    def test_what_is_picked(self):
        banner = self._make_banner(image=PIXEL, alt="A bench")
        for place, image in [
            ("pdf", f"data:image/png;base64,{banner.image_paper.decode()}"),
            ("mail", f"{banner.get_base_url()}/offers/image/{banner.sudo().image_key}"),
            ("pay", f"/offers/image/{banner.sudo().image_key}"),
            ("portal", f"/offers/image/{banner.sudo().image_key}"),
        ]:
            with self.subTest(place=place):
                found = self._pick(place=place)
                link = banner.link_ids.filtered(lambda link, place=place: link.o2c_place == place)
                base = banner.get_base_url() if place in ("pdf", "mail") else ""
                stop = "^$" if place == "pay" else rf"^{base}/offers/stop/{self.customer.id}-[0-9a-f]{{40}}$"
                self.assertRegex(found.pop("stop_url"), stop)
                self.assertEqual(found, {
                    "id": banner.id, "title": "Spring offer", "text": "Ten percent off", "alt": "A bench",
                    "button": "Read more", "url": link.short_url, "image": image, "company": self.env.company.name,
                })

    def test_paper_carries_no_more_of_the_image_than_it_prints(self):
        file = io.BytesIO()
        Image.new("RGB", (1000, 250)).save(file, "JPEG")
        banner = self._make_banner(image=base64.b64encode(file.getvalue()))
        found = self._pick(place="pdf")["image"]
        self.assertEqual(found.partition(",")[0], "data:image/jpeg;base64")
        with Image.open(io.BytesIO(base64.b64decode(found.partition(",")[2]))) as printed:
            self.assertEqual((printed.size, printed.format), ((640, 160), "JPEG"))
        with Image.open(io.BytesIO(base64.b64decode(banner.image))) as shown:
            self.assertEqual(shown.size, (1000, 250))

    def test_only_live_in_its_time_in_its_places_and_company(self):
        today = Date.context_today(self.customer)
        for expected, values in [
            (True, {}),
            (False, {"state": "draft"}),
            (False, {"state": "stopped"}),
            (False, {"active": False}),
            (True, {"date_from": today, "date_to": today}),
            (False, {"date_from": today + timedelta(1)}),
            (False, {"date_to": today - timedelta(1)}),
            (False, {"on_mail": False}),
        ]:
            with self.subTest(**values):
                banner = self._make_banner(**values)
                self.assertIs(bool(self._pick()), expected)
                banner.sudo().unlink()
        other = self._create_company(name="Other Company")
        self._make_banner(company_id=other.id)
        self.assertIsNone(self._pick())

    def test_words_are_in_the_reader_s_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        banner = self._make_banner()
        banner.sudo().with_context(lang="fr_FR").title = "Offre de printemps"
        self.assertEqual(self._pick(lang="fr_FR")["title"], "Offre de printemps")
        self.assertEqual(self._pick()["title"], "Spring offer")
        self.customer.lang = "fr_FR"
        self.assertEqual(self._pick()["title"], "Offre de printemps")

    def test_audience_is_read_from_the_customer(self):
        tag = self.env["res.partner.category"].create({"name": "Workshops"})
        industry = self.env["res.partner.industry"].search([], limit=1)
        team = self.env["crm.team"].sudo().create({"name": "Shop"})
        product = self.product_a.product_tmpl_id
        contact = self.env["res.partner"].create({
            "name": "Bea", "parent_id": self.customer.id, "country_id": self.customer.country_id.id,
        })
        other = self.env["res.partner"].create({"name": "Other Ltd", "is_company": True})
        self.customer.write({"category_id": [Command.set(tag.ids)], "industry_id": industry.id})
        self._make_invoice(10.0, team_id=team.id)
        self._make_invoice(invoice_line_ids=[Command.create({"product_id": self.product_a.id, "tax_ids": []})])
        for values in [
            {"category_ids": [Command.set(tag.ids)]},
            {"industry_ids": [Command.set(industry.ids)]},
            {"country_ids": [Command.set(self.env.ref("base.be").ids)]},
            {"team_ids": [Command.set(team.ids)]},
            {"product_ids": [Command.set(product.ids)]},
            {"product_category_ids": [Command.set(product.categ_id.ids)]},
        ]:
            with self.subTest(**values):
                banner = self._make_banner(**values)
                seen = [bool(self._pick(partner)) for partner in (self.customer, contact, other)]
                self.assertEqual(seen, [True, True, False])
                banner.sudo().unlink()

    def test_late_and_on_time(self):
        today = Date.context_today(self.customer)
        good, late, still_late, new = self._make_customers(4, held=False)
        term = self._make_term((100, 0))
        for partner, days_late in [(good, 3), (late, 4)]:
            invoice = self._make_invoice(100.0, term, invoice_date=today - timedelta(60), partner=partner)
            self._register_payment(invoice, payment_date=today - timedelta(60 - days_late))
        self._make_invoice(100.0, term, invoice_date=today - timedelta(10), partner=still_late)
        self._make_invoice(100.0, partner=new)
        everybody = good | late | still_late | new
        for payer, expected in [("on_time", good), ("late", late | still_late)]:
            with self.subTest(payer=payer):
                banner = self._make_banner(payer=payer)
                choices = self.banners._choices(self.env.company, everybody, "portal")
                self.assertEqual(set(choices), set(expected.ids))
                banner.sudo().unlink()

    def test_consent_of_the_contact_and_of_its_company(self):
        self._make_banner()
        person = self.env["res.partner"].create({"name": "Ida", "email": "ida@example.com"})
        contact = self.env["res.partner"].create({"name": "Bea", "parent_id": self.customer.id})
        self.assertIsNone(self._pick(person))
        person.o2c_offers = "agreed"
        self.assertTrue(self._pick(person))
        self.assertTrue(self._pick(contact))
        contact.o2c_offers = "refused"
        self.assertIsNone(self._pick(contact))
        self.assertIsNone(self._pick(contact, "portal"))
        self.assertTrue(self._pick())
        contact.o2c_offers, self.customer.o2c_offers = "agreed", "refused"
        self.assertIsNone(self._pick(contact))

    def test_soft_opt_in_and_companies_that_must_agree(self):
        banner = self._make_banner()
        person = self.env["res.partner"].create({"name": "Ida", "o2c_offers": "could_refuse"})
        self.assertIsNone(self._pick(person))
        banner.sudo().is_similar = True
        self.assertTrue(self._pick(person, "pdf"))
        self.env.company.sudo().o2c_banner_companies_agree = True
        self.assertIsNone(self._pick())
        self.assertTrue(self._pick(place="portal"))
        self.customer.o2c_offers = "could_refuse"
        self.assertTrue(self._pick())

    def test_unsubscribed_from_mailings(self):
        self._make_banner()
        self.env["mail.blacklist"].sudo()._add(self.customer.email)
        self.assertIsNone(self._pick())
        self.assertIsNone(self._pick(place="pdf"))
        self.assertTrue(self._pick(place="portal"))

    def test_the_number_of_queries_does_not_grow_with_the_number_of_customers(self):
        tag = self.env["res.partner.category"].create({"name": "Workshops"})
        self._make_banner(payer="on_time", category_ids=[Command.set(tag.ids)])
        self._make_banner(product_ids=[Command.set(self.product_a.product_tmpl_id.ids)])
        partners = self._make_customers(40, held=False)
        counts = []
        self.banners._choices(self.env.company, partners[:1], "mail")  # what is asked for only once
        for some in (partners[:2], partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.banners._choices(self.env.company, some, "mail")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 25)

    # What cannot be

    def test_bad_input(self):
        for values in [
            {"url": "javascript:alert(1)"}, {"url": "shop"}, {"url": "https://"}, {"url": "/shop"},
            {"url": "http://[x"},
            {"date_from": "2026-02-01", "date_to": "2026-01-31"},
            dict.fromkeys(("on_pdf", "on_mail", "on_pay", "on_portal"), False),
            {"image": SVG},
        ]:
            with self.subTest(**values), self.assertRaises(ValidationError):
                self._make_banner(**values)

    def test_links_are_made_once_and_follow(self):
        banner = self._make_banner()
        links = banner.link_ids.sudo()
        self.assertEqual(sorted(links.mapped("o2c_place")), ["mail", "pay", "pdf", "portal"])
        self.assertEqual(links.campaign_id, banner.campaign_id)
        self.assertEqual(links.source_id, banner.source_id)
        self.assertEqual(len(links.medium_id), 4)
        self.assertEqual(set(links.mapped("title")), {"Spring offer"})
        printed = links[0].short_url
        banner.sudo().url = "https://shop.example.com/b"
        self.assertEqual(banner.link_ids, links)
        self.assertEqual(links[0].short_url, printed)
        self.assertEqual(set(links.mapped("url")), {"https://shop.example.com/b"})
        without = self._make_banner(url=False)
        self.assertFalse(without.link_ids)
        self.assertEqual(without._block("mail")["url"], "")


@tagged("post_install", "-at_install")
class TestBannerResult(BannerCase):
    """What was counted, and what it says."""

    def test_views_and_customers_of_both_groups(self):
        banner = self._make_banner(holdout_percent=50)
        shown, held = self._make_customers(2, held=False), self._make_customers(3, held=True)
        for partner in shown | held:
            self.assertIs(bool(self._pick(partner)), partner in shown)
            for place in ("mail", "mail", "portal"):
                self.banners._count(self.env.company, partner, place)
        self.assertEqual(self._views(banner), [
            ("mail", False, 6), ("mail", True, 4), ("portal", False, 3), ("portal", True, 2),
        ])
        rows = self.env["o2c.banner.reach"].sudo().search([("banner_id", "=", banner.id)])
        self.assertEqual(rows.filtered("is_shown").partner_id, shown)
        self.assertEqual((rows - rows.filtered("is_shown")).partner_id, held)
        self.assertEqual(len(rows), 5)
        self.assertEqual((banner.view_count, banner.shown_customers, banner.held_customers), (6, 2, 3))
        weeks = json.loads(banner.views_graph)[0]["values"]
        self.assertEqual([week["value"] for week in weeks], [0] * 11 + [6])

    def test_a_form_that_is_not_saved_yet_has_empty_charts(self):
        new = self.env["o2c.banner"].new({"title": "Soon"})
        self.assertEqual((new.view_count, new.verdict, new.conclusion), (0, "none", "Nobody has seen it yet."))
        self.assertEqual([len(json.loads(graph)[0]["values"]) for graph in (new.views_graph, new.rates_graph)], [12, 2])

    def test_the_nightly_merge_keeps_the_numbers(self):
        banner = self._make_banner()
        day = Date.subtract(Date.today(), days=3)
        self.env["o2c.banner.view"].sudo().create([
            {"banner_id": banner.id, "day": day, "place": place, "is_shown": True, "views": views}
            for place, views in [("pdf", 2), ("pdf", 3), ("mail", 4)]
        ] + [{"banner_id": banner.id, "day": Date.today(), "place": "pdf", "is_shown": True, "views": 1}] * 2)
        before = self._views(banner)
        self.env["o2c.banner.view"].sudo()._gc_merge()
        rows = self.env["o2c.banner.view"].sudo().search([("banner_id", "=", banner.id)])
        self.assertEqual(sorted(rows.mapped("views")), [1, 1, 4, 5])
        self.assertEqual(self._views(banner), before)

    def test_orders_in_its_days_and_what_they_say(self):
        banner = self._make_banner(holdout_percent=50, days=10)
        shown, held = self._make_customers(6, held=False), self._make_customers(4, held=True)
        first = Datetime.now() - timedelta(20)
        self.env["o2c.banner.reach"].sudo().create([
            {"banner_id": banner.id, "partner_id": partner.id, "is_shown": partner in shown, "first_at": first}
            for partner in shown | held
        ])
        contact = self.env["res.partner"].create({"name": "Buyer", "parent_id": shown[0].id})
        self._order(contact, 100.0, date_order=first + timedelta(1))
        self._order(shown[0], 50.0, date_order=first + timedelta(9))
        self._order(shown[1], 30.0, date_order=first)
        self._order(shown[2], 1000.0, date_order=first + timedelta(10))
        self._order(shown[3], 1000.0, date_order=first - timedelta(1))
        self._order(held[0], 70.0, date_order=first + timedelta(2))
        self._order(shown[4], 1000.0, date_order=first + timedelta(2)).sudo()._action_cancel()
        banner.invalidate_recordset()
        self.assertEqual(
            (banner.shown_customers, banner.shown_ordered, banner.held_customers, banner.held_ordered), (6, 2, 4, 1)
        )
        self.assertEqual((banner.order_count, banner.order_amount), (3, 180.0))
        self.assertAlmostEqual(banner.difference, 100 / 3 - 25)
        self.assertEqual(banner.verdict, "unclear")
        words = banner.conclusion.replace("\N{NO-BREAK SPACE}", " ")
        self.assertIn("Of 6 customers who saw it, 2 (33.3 %) ordered within 10 days: 3 orders over $ 180.00.", words)
        self.assertIn("Of 4 who were held out, 1 (25.0 %) ordered without having seen it.", words)
        self.assertIn("That may be chance: of 100 customers who see it, -42.4 to +50.3 more order", words)

    def test_a_clear_gain_and_nobody_to_compare_with(self):
        banner, alone = self._make_banner(holdout_percent=50), self._make_banner(name="Alone")
        shown, held = self._make_customers(8, held=False), self._make_customers(8, held=True)
        first = Datetime.now() - timedelta(2)
        self.assertEqual(banner.conclusion, "Nobody has seen it yet.")
        rows = [
            {"banner_id": banner.id, "partner_id": partner.id, "is_shown": partner in shown, "first_at": first}
            for partner in shown | held
        ]
        rows += [{**row, "banner_id": alone.id} for row in rows if row["is_shown"]]
        self.env["o2c.banner.reach"].sudo().create(rows)
        for partner in shown:
            self._order(partner)
        (banner | alone).invalidate_recordset()
        self.assertEqual((banner.verdict, alone.verdict), ("gain", "none"))
        self.assertIn("It brings orders: of 100 customers who see it, 54.1 to 100.0 order because", banner.conclusion)
        self.assertIn("Nobody was held out so far", alone.conclusion)

    def test_clicks_are_those_of_all_its_places(self):
        banner = self._make_banner()
        for link in banner.link_ids[:3]:
            self.env["link.tracker.click"].sudo().add_click(link.code, ip="192.0.2.1")
        self.assertEqual(banner.click_count, 3)
        self._make_banner(name="Other", on_mail=False)
        self.banners._count(self.env.company, self.customer, "mail")
        for action, expected in [("clicks", 3), ("views", banner.view_count), ("customers", banner.shown_customers)]:
            with self.subTest(action):
                found = getattr(banner, f"action_view_{action}")()
                self.assertEqual(self.env[found["res_model"]].search_count(found["domain"]), expected)

    def test_the_share_held_out_is_fixed_once_shown(self):
        banner = self._make_banner(holdout_percent=10)
        banner.sudo().holdout_percent = 20
        self.banners._count(self.env.company, self.customer, "mail")
        banner.sudo().write({"holdout_percent": 20, "name": "Same share"})
        with self.assertRaises(UserError):
            banner.sudo().holdout_percent = 30
        copy = banner.sudo().copy()
        copy.holdout_percent = 30
        self.assertEqual(copy.state, "draft")
        self.assertNotEqual(copy.image_key, banner.sudo().image_key)
