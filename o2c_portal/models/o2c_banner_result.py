"""What banners brought, and how sure that is."""

import json
from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL, format_amount, format_date
from odoo.tools.misc import formatLang

from ..core import banner as core

WEEKS = 12  # of views, in the little chart


class O2cBannerResult(models.AbstractModel):
    _name = "o2c.banner.result"
    _description = "Result of Banners"

    @api.model
    def _views(self, banners):
        """Return ``{banner id: values}`` of the fields about how often it was shown."""
        counted = {}  # weeks begin on Monday here, whatever the language of the reader
        for banner, day, views in self.env["o2c.banner.view"]._read_group(
            [("banner_id", "in", banners.ids), ("is_shown", "=", True)], ["banner_id", "day:day"], ["views:sum"],
        ):
            counted.setdefault(banner.id, Counter())[fields.Date.start_of(day, "week")] += views
        this_week = fields.Date.start_of(fields.Date.context_today(self), "week")
        weeks = [fields.Date.subtract(this_week, weeks=WEEKS - 1 - number) for number in range(WEEKS)]
        result = {}
        for banner in banners:
            by_week = counted.get(banner._origin.id, Counter())
            bars = [
                {"label": format_date(self.env, week, date_format="d MMM"), "value": by_week[week], "type": "past"}
                for week in weeks
            ]
            graph = json.dumps([{"key": self.env._("Times shown"), "values": bars}])
            result[banner.id] = {"view_count": by_week.total(), "views_graph": graph}
        return result

    @api.model
    def _of(self, banners):
        """Return ``{banner id: values}`` of the fields that compare both groups of customers."""
        found = {(banner_id, is_shown): row for banner_id, is_shown, *row in self._sudo_orders(banners)}
        nobody = (0, 0, 0, 0.0)
        return {
            banner.id: self._values(
                banner, *(found.get((banner._origin.id, is_shown), nobody) for is_shown in (True, False)),
            )
            for banner in banners
        }

    @api.model
    def _values(self, banner, shown_row, held_row):
        customers, ordered, orders, amount = shown_row
        shown, held = core.Group(customers, ordered), core.Group(*held_row[:2])
        compared = core.compare(shown, held)
        return {
            "shown_customers": shown.customers, "shown_ordered": shown.ordered, "shown_rate": shown.rate,
            "held_customers": held.customers, "held_ordered": held.ordered, "held_rate": held.rate,
            "order_count": orders, "order_amount": amount,
            "difference": compared.difference * 100 if compared else 0.0,
            "difference_low": compared.low * 100 if compared else 0.0,
            "difference_high": compared.high * 100 if compared else 0.0,
            "verdict": compared.verdict if compared else "none",
            "conclusion": self._in_words(banner, shown, held, compared, orders, amount),
            "rates_graph": self._rates(shown, held),
        }

    @api.model
    def _sudo_orders(self, banners):
        """Return rows ``(banner id, is_shown, customers, of them ordered, orders, amount)``: confirmed orders in the
        days after a customer was first shown a banner, or would have been. Amounts without taxes, in the company's
        currency. Numbers only: whoever may see banners need not see orders."""
        for model in ("o2c.banner", "o2c.banner.reach", "sale.order", "res.partner"):
            self.env[model].flush_model()
        if not banners.ids:
            return []
        return self.env.execute_query(SQL(
            """WITH reach AS (
                SELECT banner_id, partner_id, bool_and(is_shown) AS is_shown, min(first_at) AS first_at
                  FROM o2c_banner_reach WHERE banner_id IN %(ids)s GROUP BY banner_id, partner_id
            )
            SELECT reach.banner_id, reach.is_shown, count(*), count(*) FILTER (WHERE bought.orders > 0),
                   sum(bought.orders)::integer, coalesce(sum(bought.amount), 0)::float
              FROM reach
              JOIN o2c_banner banner ON banner.id = reach.banner_id
             CROSS JOIN LATERAL (
                   SELECT count(*) AS orders, sum(o.amount_untaxed / coalesce(nullif(o.currency_rate, 0), 1)) AS amount
                     FROM res_partner p
                     JOIN sale_order o ON o.partner_id = p.id
                    WHERE p.commercial_partner_id = reach.partner_id
                      AND o.company_id = banner.company_id AND o.state = 'sale'
                      AND o.date_order >= reach.first_at
                      AND o.date_order < reach.first_at + make_interval(days => banner.days)
             ) bought
             GROUP BY reach.banner_id, reach.is_shown""",
            ids=tuple(banners.ids),
        ))

    @api.model
    def _in_words(self, banner, shown, held, compared, orders, amount):
        """Return what the numbers say, for somebody who has not learnt statistics."""
        if not shown.customers:
            return self.env._("Nobody has seen it yet.")
        percent = self._percent
        text = self.env._(
            "Of %(customers)s customers who saw it, %(ordered)s (%(rate)s) ordered within %(days)s days: %(orders)s "
            "orders over %(amount)s.", customers=shown.customers, ordered=shown.ordered, rate=percent(shown.rate),
            days=banner.days, orders=orders, amount=format_amount(self.env, amount, banner.company_id.currency_id),
        )
        if not compared:
            return text + " " + self.env._("Nobody was held out so far, so nobody knows how many would have ordered "
                                           "without it.")
        text += " " + self.env._(
            "Of %(customers)s who were held out, %(ordered)s (%(rate)s) ordered without having seen it.",
            customers=held.customers, ordered=held.ordered, rate=percent(held.rate),
        )
        low, high = (formatLang(self.env, bound * 100, digits=1) for bound in (compared.low, compared.high))
        least, most = low.lstrip("-"), high.lstrip("-")
        return text + " " + {
            "gain": self.env._(
                "It brings orders: of 100 customers who see it, %(least)s to %(most)s order because of it (95 %% "
                "certainty).", least=least, most=most),
            "loss": self.env._(
                "It costs orders: of 100 customers who see it, %(least)s to %(most)s do not order because of it (95 %% "
                "certainty).", least=most, most=least),
            "unclear": self.env._(
                "That may be chance: of 100 customers who see it, %(low)s to +%(high)s more order because of it (95 %% "
                "certainty). More customers make it clearer.", low=low, high=high),
        }[compared.verdict]

    def _percent(self, rate):
        return f"{formatLang(self.env, rate * 100, digits=1)} %"

    def _rates(self, shown, held):
        """Return the two order rates for the chart of the form."""
        return json.dumps([{"key": self.env._("Order rate in percent"), "values": [
            {"label": self.env._("Saw it: %(rate)s", rate=self._percent(shown.rate)),
             "value": round(shown.rate * 100, 1), "type": "past"},
            {"label": self.env._("Held out: %(rate)s", rate=self._percent(held.rate)),
             "value": round(held.rate * 100, 1), "type": "future"},
        ]}])
