"""What an invoice asks of its customer right now, in words: for its email and its PDF."""

import base64
import io
from dataclasses import dataclass

from PIL import Image
from reportlab.graphics.barcode import qrencoder

from odoo import fields, models
from odoo.tools import format_amount, format_date
from odoo.tools.image import image_data_uri

from ..core import instalments, paycode
from ..core.money import to_major
from .o2c_pay_link import O2cPayLink
from .o2c_payment_policy import O2cPaymentPolicy
from .o2c_remittance import O2cRemittance

QR_MODULE_PIXELS = 4  # wkhtmltopdf takes its time for every pixel
EPC_NAME, EPC_TEXT = 5, 10  # lines of a SEPA transfer code


class SampleLink:
    """Stands for the link to a document in a preview: it leads to a page that says so, and pays nothing."""

    def __init__(self, url):
        self._address = url

    def _url(self):
        return self._address

    def _code(self):
        return paycode.shown("0" * paycode.LENGTH)


@dataclass(frozen=True)
class Ahead:
    """What a document that is about to be printed needs: what it asks for as ``core.instalments.Instalment``, the
    policy of its customer, and its link and its transfer reference where it shows them."""

    items: list
    policy: O2cPaymentPolicy
    link: O2cPayLink | SampleLink | None
    advice: O2cRemittance | None


class QuickCode(qrencoder.QRCode):
    """A QR code that takes one of the eight masks instead of drawing and weighing them all, five sixths of the work.

    Readers take every mask. It matters for long runs of the same byte, which addresses with a token do not have.
    """

    def getBestMaskPattern(self):  # noqa: N802  (the name reportlab calls)
        return 2


class O2cPayRequest(models.AbstractModel):
    _name = "o2c.pay.request"
    _description = "Request to pay an invoice"

    def _for(self, move, channel):
        """Return the request for a document in the language of its environment, or None when there is nothing to pay
        online. Keys: ``url``; ``amount`` and ``date`` of what is due now; ``overdue``; ``rows``, the open instalments
        as ``(label, date, amount)`` when the document has several.
        """
        url = move._o2c_pay_url(channel)
        return self._request(move, url, move._o2c_asked()) if url else None

    def _request(self, move, url, items, policy=None):
        """Return the request for a document of which address and instalments are known; see ``_for``."""
        still = [item for item in instalments.merged(items) if item.open_minor > 0]
        amount, date = self._due_now(move, still, policy)
        if not amount:
            return None
        return {
            "url": url,
            "amount": self._money(move, amount),
            "amount_minor": amount,
            "date": self._date(move, date),
            "date_due": date,
            "overdue": date < fields.Date.context_today(move),
            "rows": [self._row(move, item) for item in still] if len(items) > 1 else [],
        }

    def _due_now(self, move, still, policy=None):
        """Return amount (minor units) and date of what is asked for of the open instalments: what the pay page asks for
        as well; ``(0, False)`` when nothing is open."""
        amount, date = move._o2c_due_now(still, policy)
        planned = any(item.plan_id for item in still)
        # sudo: whoever sends the invoice offers its discount
        if discounts := {} if planned else self.env["o2c.cashier"].sudo()._discounts(still):
            amount -= sum(discounts.values())
            date = min(move.line_ids.browse(discounts).mapped("discount_date"))
        return amount, date

    def _ahead(self, moves):
        """Return ``{move_id: Ahead}`` of those documents that ask for a payment on paper, what they need being read and
        made for all of them at once. With ``o2c_preview`` in the context nothing is made: links are samples, and so are
        references that are not there yet."""
        owed = moves.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_invoice" and move.amount_residual > 0
        )
        online = owed.filtered(lambda move: move.company_id.o2c_pay_now_pdf and move._o2c_is_payable())
        by_bank = owed.filtered(lambda move: move.company_id.o2c_bank_pdf and move.partner_bank_id)
        if self.env.context.get("o2c_preview"):
            links = {move.id: SampleLink(self._sample_url(move)) for move in online}
            advices = self.env["o2c.remittance"]._samples(by_bank)
        else:
            links = self.env["o2c.pay.link"]._get_or_create(online, "pdf")
            advices = self.env["o2c.remittance"]._for_invoices(by_bank)
        asked, policies = owed._o2c_asked_by_move(), self._policies(owed)
        return {
            move.id: Ahead(asked[move], policies[move.id], links.get(move.id), advices.get(move.id)) for move in owed
        }

    def _sample_url(self, document):
        """Return where the links of previews lead: to a page that says what it would be otherwise."""
        return f"{document.get_base_url().rstrip('/')}/pay/preview"

    def _policies(self, moves):
        """Return ``{move_id: policy}``, the policies of the customers of documents."""
        found = {}
        for company, documents in moves.grouped("company_id").items():
            policies = self.env["o2c.payment.policy"]._resolve_many(documents.commercial_partner_id, company)
            found.update((move.id, policies[move.commercial_partner_id.id][0]) for move in documents)
        return found

    def _for_pdf(self, move, ahead=None):
        """Return the request as paper shows it, see ``_on_paper``. Terms that do not show their dates elsewhere do not
        here; a plan was agreed on with the customer and is shown.

        :param dict ahead: see ``_ahead``
        """
        known = (self._ahead(move) if ahead is None else ahead).get(move.id)
        link = known and known.link
        request = link and self._request(move, link._url(), known.items, known.policy)
        if not request:
            return None
        listed = move.invoice_payment_term_id.display_on_invoice or any(item.plan_id for item in known.items)
        code = move.company_id.o2c_pay_code_pdf and link._code()
        return {**request, **self._on_paper(move, request["url"], code), "rows": request["rows"] if listed else []}

    def _on_paper(self, document, url, code):
        """Return what paper needs beside the address: ``qr``, the address as an image to be scanned; the ``code`` and
        the address, ``place``, where it is typed; and the ``direction`` of the text."""
        place = f"{document.get_base_url().rstrip('/')}/pay"
        return {
            "url": url, "qr": self._qr(url), "code": code, "place_url": place, "place": place.partition("://")[2],
            "direction": self._direction(document),
        }

    def _direction(self, document):
        """Return the direction of the text, ``ltr`` or ``rtl``, in the language of the document's environment."""
        return self.env["res.lang"]._get_data(code=document.env.lang).direction or "ltr"

    def _for_bank(self, move, ahead=None):
        """Return what a customer needs to pay the document by bank transfer, None when there is nothing to transfer or
        no account to transfer to. Keys: ``holder``, ``account``, ``bic``, ``bank``, ``amount``, ``reference``; ``qr``,
        the image that banking apps scan, where Odoo can make one (account_qr_code_sepa: euros, IBAN); ``direction``.
        """
        known = (self._ahead(move) if ahead is None else ahead).get(move.id)
        advice = known and known.advice
        if not advice or advice.state == "cancelled":
            return None
        account = move.partner_bank_id
        amount, _date = self._due_now(move, [item for item in known.items if item.open_minor > 0], known.policy)
        if not amount:
            return None
        return self._transfer(account, amount, advice, move.partner_id)

    def _transfer(self, account, minor, advice, payer):
        """Return what a customer needs to transfer an amount (minor units) to a bank account with a reference of ours:
        the keys of ``_for_bank``."""
        currency = advice.currency_id
        amount = to_major(minor, currency.decimal_places)
        payload = self._epc(account, amount, advice, payer)
        return {
            "holder": account.acc_holder_name or account.partner_id.name,
            "account": account.acc_number,
            "bic": account.bank_bic,
            "bank": account.bank_name,
            "amount": format_amount(account.env, amount, currency),
            "reference": advice.display_name,
            "qr": payload and self._qr(payload),
            "direction": self._direction(account),
        }

    def _epc(self, account, amount, advice, payer):
        """Return the text of Odoo's SEPA transfer code, cut to the standard's limits, False where there is none."""
        values = account._build_qr_code_vals(amount, "", advice.reference, advice.currency_id, payer)
        if not values or values["qr_method"] != "sct_qr" or not 0.01 <= amount <= 999_999_999.99:
            return False
        lines = account._get_qr_vals(**values)
        limits = {EPC_NAME: 70, EPC_TEXT: 140}  # Odoo leaves one character more to each
        return "\n".join(line[:limits.get(place)] for place, line in enumerate(lines))

    def _qr(self, text):
        return image_data_uri(base64.b64encode(self._qr_png(text)))

    def _qr_png(self, text):
        """Return a QR code as PNG, in whole pixels per module.

        Odoo's ``barcode()`` draws through a bitmap renderer that current versions of reportlab no longer bring along;
        an invoice must not fail to be printed for that.
        """
        code = QuickCode(None, qrencoder.QRErrorCorrectLevel.M)
        code.addData(text)
        code.make()
        size = code.getModuleCount()
        pixels = bytes(0 if code.isDark(row, column) else 255 for row in range(size) for column in range(size))
        image = Image.frombytes("L", (size, size), pixels).convert("1")
        stream = io.BytesIO()
        large = image.resize((size * QR_MODULE_PIXELS,) * 2, Image.Resampling.NEAREST)
        large.save(stream, "PNG", compress_level=1)
        return stream.getvalue()

    def _row(self, move, item):
        return (
            move.env._("Instalment %(number)s of %(count)s", number=item.number, count=item.count),
            self._date(move, item.date_due),
            self._money(move, item.open_minor),
        )

    def _money(self, move, minor):
        return format_amount(move.env, to_major(minor, move.currency_id.decimal_places), move.currency_id)

    def _date(self, move, date):
        return format_date(move.env, date)
