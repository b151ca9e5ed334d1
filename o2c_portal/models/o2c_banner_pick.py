"""Which banner a customer is shown, and that it was: asked by pages, paper and mail."""

import base64
import re
from collections import Counter
from dataclasses import dataclass

from odoo import api, fields, models
from odoo.tools import consteq, hmac

from ..core import banner as core

STOP = "o2c_portal.offers.stop"
STOP_TOKEN = re.compile(r"([1-9][0-9]{0,8})-([0-9a-f]{40})", re.ASCII)
IMAGE_KEY = re.compile(r"[A-Za-z0-9_-]{20,60}", re.ASCII)


@dataclass(frozen=True)
class Choice:
    """The banner for a customer, with elevated rights, and whether it is shown or the customer is held out."""

    banner: object
    is_shown: bool


class O2cBanner(models.Model):
    _inherit = "o2c.banner"

    # === ASKED BY PAGES, PAPER AND MAIL === #

    @api.model
    def _pick(self, company, partner, placement, lang=None):
        """Return the banner a contact is shown in a place today, None when there is none for it.

        Writes nothing and returns the same all day: call ``_count`` when it was shown. Reminders show none: never ask
        for them. For documents use ``_pick_for_documents``.

        :param str placement: ``pdf``, ``mail``, ``pay`` (the result of a payment) or ``portal``
        :return: dict of ``id``, ``title``, ``text``, ``alt``, ``button``, ``url`` (tracked), ``image`` (an address or
            data URI), ``company`` (its name), ``stop_url``; texts are in ``lang``, or in the contact's language
        """
        choice = self._choices(company, partner, placement).get(partner.id)
        if not choice or not choice.is_shown:
            return None
        return choice.banner._for_reader(placement, partner.sudo(), lang)  # its language and its key

    @api.model
    def _pick_for_documents(self, moves, placement):
        """Return ``{move id: banner}`` for the contacts the documents are addressed to; see ``_pick_for_readers``."""
        found = self._pick_for_readers({move: move.sudo().partner_id for move in moves}, placement)
        return {move_id: banner for (move_id, _contact_id), banner in found.items()}

    @api.model
    def _pick_for_readers(self, readers, placement):
        """Return ``{(move id, contact id): banner}`` as ``_pick`` does, each for its reader, for those who get one.

        Only posted invoices with nothing overdue do: whatever is sent about an overdue one is a reminder.

        With ``o2c_preview`` in the context they lead to the page that says so: looking at a mail counts no click.

        :param dict readers: ``{move: contacts}``, who gets the document
        """
        result, blocks = {}, {}
        for (move, contact), choice in self._document_choices(readers, placement).items():
            if choice.is_shown:
                key = (choice.banner, contact)
                if key not in blocks:
                    blocks[key] = choice.banner._for_reader(placement, contact)
                    if self.env.context.get("o2c_preview"):
                        nowhere = self.env["o2c.pay.request"]._sample_url(move)
                        blocks[key].update(url=blocks[key]["url"] and nowhere, stop_url=nowhere)
                result[move.id, contact.id] = blocks[key]
        return result

    @api.model
    def _on_page(self, company, partner, placement, lang):
        """Return what the place for a banner on a page holds: ``{"banner": ...}``, with None for who is held out, so
        that their visits count like those of the others; None where there is no banner for this contact."""
        choice = self._choices(company, partner, placement).get(partner.id)
        if not choice:
            return None
        return {"banner": choice.banner._for_reader(placement, partner.sudo(), lang) if choice.is_shown else None}

    def _for_reader(self, place, partner, lang=None):
        """Return the block of a place with the address at which this contact refuses further offers."""
        return {**self._block(place, lang or partner.lang), "stop_url": self._stop_url(place, partner)}

    def _stop_url(self, place, partner):
        """Return the address; none after a payment: whoever has a link to pay may not refuse for others."""
        if place == "pay":
            return ""
        base = "" if place == "portal" else self.get_base_url()
        return f"{base}/offers/stop/{partner.id}-{self._stop_key(partner)}"

    @api.model
    def _stop_key(self, partner):
        """Return what shows that somebody got an offer sent to this contact."""
        return hmac(self.env(su=True), STOP, partner.id)[:40]  # sudo: the secret of the database

    @api.model
    def _find_stopper(self, token):
        """Return the contact whom the end of a stop address belongs to, with elevated rights; empty when it is none."""
        parts = STOP_TOKEN.fullmatch(token)
        partner_sudo = self.env["res.partner"].sudo().browse(int(parts[1]) if parts else 0).exists()
        if partner_sudo and consteq(self._stop_key(partner_sudo), parts[2]):
            return partner_sudo
        return partner_sudo.browse()

    @api.model
    def _find_image(self, key):
        """Return ``(bytes, media type)`` of the image with this key, also of a banner that is over: mails live longer;
        None when there is none."""
        if not IMAGE_KEY.fullmatch(key):
            return None
        banner_sudo = self.sudo().with_context(active_test=False, bin_size=False).search([("image_key", "=", key)])
        if not banner_sudo.image:
            return None
        return base64.b64decode(banner_sudo.image), banner_sudo._image_type()

    # === WHAT IS SHOWN === #

    def _block(self, place, lang=None):
        """Return what the templates of a place show, in a language; see ``_pick``.

        The image of a PDF is part of it, because its engine has no access; in mails it has an absolute address, on
        pages one of this server.
        """
        self.ensure_one()
        banner = self.with_context(lang=lang or self.env.lang, bin_size=False)
        image = ""
        if banner.image and place == "pdf":
            image = f"data:{banner._image_type()};base64,{banner.image_paper.decode()}"
        elif banner.image:
            base = banner.get_base_url() if place == "mail" else ""
            image = f"{base}/offers/image/{banner.sudo().image_key}"  # sudo: the key opens nothing but this image
        return {
            "id": banner.id, "title": banner.title, "text": banner.text or "", "alt": banner.alt or banner.title,
            "button": banner.button or self.env._("Read more"), "url": banner._address(place), "image": image,
            "company": banner.company_id.name,
        }

    def _address(self, place):
        """Return the tracked address of a place; the plain one where somebody deleted it."""
        link = self.link_ids.filtered(lambda link: link.o2c_place == place)[:1]
        return link.short_url if link else self.url or ""

    # === COUNTED WHEN SHOWN === #

    @api.model
    def _count(self, company, partner, placement):
        """Write down that a contact was shown its banner in a place, or would have been."""
        self._record(placement, [
            (choice, partner.sudo().commercial_partner_id) for choice in
            self._choices(company, partner, placement).values()
        ])

    @api.model
    def _count_documents(self, moves, placement):
        """Write down the banners of documents that were made for the contacts they are addressed to."""
        self._count_readers({move: move.sudo().partner_id for move in moves}, placement)

    @api.model
    def _count_readers(self, readers, placement):
        """Write down the banners of documents that were sent; see ``_pick_for_readers``."""
        self._record(placement, [
            (choice, move.sudo().commercial_partner_id)
            for (move, _contact), choice in self._document_choices(readers, placement).items()
        ])

    @api.model
    def _record(self, place, sightings):
        """Add to the views of the day and to the customers reached.

        :param sightings: list of ``(Choice, commercial partner)``
        """
        if not sightings:
            return
        day, now = fields.Date.context_today(self), fields.Datetime.now()
        counted = Counter((choice.banner.id, choice.is_shown) for choice, _partner in sightings)
        self.env["o2c.banner.view"].sudo().create([  # sudo: counting is ours, whoever sends or looks
            {"banner_id": banner_id, "day": day, "place": place, "is_shown": is_shown, "views": views}
            for (banner_id, is_shown), views in counted.items()
        ])
        reached = {(choice.banner.id, partner.id): choice.is_shown for choice, partner in sightings}
        reach_sudo = self.env["o2c.banner.reach"].sudo()
        known = reach_sudo.search_fetch([
            ("banner_id", "in", [banner_id for banner_id, _partner_id in reached]),
            ("partner_id", "in", [partner_id for _banner_id, partner_id in reached]),
        ], ["banner_id", "partner_id"])
        for row in known:
            reached.pop((row.banner_id.id, row.partner_id.id), None)
        reach_sudo.create([
            {"banner_id": banner_id, "partner_id": partner_id, "is_shown": is_shown, "first_at": now}
            for (banner_id, partner_id), is_shown in reached.items()
        ])

    # === THE CHOICE === #

    @api.model
    def _document_choices(self, readers, place):
        """Return ``{(move, contact): Choice}`` for the readers of posted invoices without anything overdue."""
        moves = self.env["account.move"].concat(*readers).filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        )
        result = {}
        for company, of_company in moves.grouped("company_id").items():
            if self._live(company, place):
                calm = of_company - self._overdue(of_company)
                contacts_sudo = self.env["res.partner"].sudo().union(*(readers[move] for move in calm))  # their consent
                choices = self._choices(company, contacts_sudo, place)
                result.update({
                    (move, contact.sudo()): choices[contact.id]
                    for move in calm for contact in readers[move] if contact.id in choices
                })
        return result

    @api.model
    def _overdue(self, moves):
        lines_sudo = self.env["account.move.line"].sudo().search_fetch([  # the dates of documents that are being sent
            ("move_id", "in", moves.ids), ("display_type", "=", "payment_term"), ("reconciled", "=", False),
            ("date_maturity", "<", fields.Date.context_today(self)),
        ], ["move_id"])
        return moves.browse(lines_sudo.move_id.ids)

    @api.model
    def _live(self, company, place):
        """Return the banners that may be shown in a place today, with elevated rights: readers have none."""
        today = fields.Date.context_today(self)
        return self.sudo().search([
            ("company_id", "=", company.id), ("state", "=", "live"), (f"on_{place}", "=", True),
            "|", ("date_from", "=", False), ("date_from", "<=", today),
            "|", ("date_to", "=", False), ("date_to", ">=", today),
        ])

    @api.model
    def _choices(self, company, partners, place):
        """Return ``{contact id: Choice}`` for the contacts that have a banner in this place today."""
        banners_sudo, today = self._live(company, place), fields.Date.context_today(self)
        if not banners_sudo or not partners:
            return {}
        offers = [banner._offer() for banner in banners_sudo]
        by_id, agree = banners_sudo.grouped("id"), company.sudo().o2c_banner_companies_agree
        readers = self.env["o2c.banner.audience"]._readers(banners_sudo, company, partners, place)
        result = {}
        for partner_id, reader in readers.items():
            offer = core.choose(offers, reader, place, today, agree)
            if offer:
                held = core.held_out(company.id, reader.key, offer.holdout)
                result[partner_id] = Choice(by_id[offer.id], not held)
        return result

    def _offer(self):
        """Return the ``core.banner.Offer`` of this banner."""
        return core.Offer(
            id=self.id, places=self._places(), start=self.date_from or None, end=self.date_to or None,
            priority=int(self.priority), weight=self.weight, holdout=self.holdout_percent, similar=self.is_similar,
            kind=self.kind, payer=self.payer,
            tags=frozenset(self.category_ids.ids), industries=frozenset(self.industry_ids.ids),
            countries=frozenset(self.country_ids.ids), langs=frozenset(self.lang_ids.mapped("code")),
            channels=frozenset(self.team_ids.ids),
            needs_purchase=bool(self.product_ids or self.product_category_ids),
        )
