"""What an invoice asks of its customer right now, in words: for its email and its PDF."""

import base64
import io

from PIL import Image
from reportlab.graphics.barcode import qrencoder

from odoo import fields, models
from odoo.tools import format_amount, format_date
from odoo.tools.image import image_data_uri

from ..core import instalments
from ..core.money import to_major

QR_MODULE_PIXELS = 8
EPC_NAME, EPC_TEXT = 5, 10  # lines of a SEPA transfer code


class O2cPayRequest(models.AbstractModel):
    _name = "o2c.pay.request"
    _description = "Request to pay an invoice"

    def _for(self, move, channel):
        """Return the request for a document in the language of its environment, or None when there is nothing to pay
        online. Keys: ``url``; ``amount`` and ``date`` of what is due now; ``overdue``; ``rows``, the open instalments
        as ``(label, date, amount)`` when the document has several.
        """
        url = move._o2c_pay_url(channel)
        items = move._o2c_asked()
        still = [item for item in instalments.merged(items) if item.open_minor > 0]
        amount, date = self._due_now(move, still)
        if not url or not amount:
            return None
        return {
            "url": url,
            "amount": self._money(move, amount),
            "date": self._date(move, date),
            "overdue": date < fields.Date.context_today(move),
            "rows": [self._row(move, item) for item in still] if len(items) > 1 else [],
        }

    def _due_now(self, move, still):
        """Return amount (minor units) and date of what is asked for: what the pay page asks for as well."""
        amount, date = move._o2c_due_now()
        planned = any(item.plan_id for item in still)
        # sudo: whoever sends the invoice offers its discount
        if discounts := {} if planned else self.env["o2c.cashier"].sudo()._discounts(move, still):
            amount -= sum(discounts.values())
            date = min(move.line_ids.browse(discounts).mapped("discount_date"))
        return amount, date

    def _for_pdf(self, move):
        """Return the request with its address as an image, ``qr``, to be scanned from paper, and with the ``code`` and
        the address, ``place``, where it can be typed."""
        request = move.company_id.o2c_pay_now_pdf and self._for(move, "pdf")
        if not request:
            return None
        code = move.company_id.o2c_pay_code_pdf and move._o2c_pay_code("pdf")
        place = f"{move.get_base_url().rstrip('/')}/pay"
        return {
            **request, "qr": self._qr(request["url"]), "code": code, "place_url": place,
            "place": place.partition("://")[2],
        }

    def _for_bank(self, move):
        """Return what a customer needs to pay the document by bank transfer, None when there is nothing to transfer or
        no account to transfer to. Keys: ``holder``, ``account``, ``bic``, ``bank``, ``amount``, ``reference``; ``qr``,
        the image that banking apps scan, where Odoo can make one (account_qr_code_sepa: euros, IBAN).
        """
        account = move.partner_bank_id
        owed = move.state == "posted" and move.move_type == "out_invoice" and move.amount_residual > 0
        if not owed or not account or not move.company_id.o2c_bank_pdf:
            return None
        still = [item for item in move._o2c_asked() if item.open_minor > 0]
        amount, _date = self._due_now(move, still)
        advice = self.env["o2c.remittance"]._for_invoices(move).get(move.id)
        if not amount or not advice or advice.state == "cancelled":
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
        code = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
        code.addData(text)
        code.make()
        size = code.getModuleCount()
        image = Image.new("1", (size, size))
        image.putdata([not code.isDark(row, column) for row in range(size) for column in range(size)])
        stream = io.BytesIO()
        image.resize((size * QR_MODULE_PIXELS,) * 2, Image.Resampling.NEAREST).save(stream, "PNG")
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
