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


class O2cPayRequest(models.AbstractModel):
    _name = "o2c.pay.request"
    _description = "Request to pay an invoice"

    def _for(self, move, channel):
        """Return the request for a document in the language of its environment, or None when there is nothing to pay
        online. Keys: ``url``; ``amount`` and ``date`` of what is due now; ``overdue``; ``rows``, the open instalments
        as ``(label, date, amount)`` when the document has several.
        """
        url = move._o2c_pay_url(channel)
        amount, date = move._o2c_due_now()
        if not url or not amount:
            return None
        items = move._o2c_instalments()
        still = [item for item in instalments.in_order(items) if item.open_minor > 0]
        # sudo: whoever sends the invoice offers its discount; the same amount the pay page asks for
        if discounts := self.env["o2c.cashier"].sudo()._discounts(move, still):
            amount -= sum(discounts.values())
            date = min(move.line_ids.browse(discounts).mapped("discount_date"))
        return {
            "url": url,
            "amount": self._money(move, amount),
            "date": self._date(move, date),
            "overdue": date < fields.Date.context_today(move),
            "rows": [self._row(move, item) for item in still] if len(items) > 1 else [],
        }

    def _for_pdf(self, move):
        """Return the request with its address as an image, ``qr``, to be scanned from paper."""
        request = move.company_id.o2c_pay_now_pdf and self._for(move, "pdf")
        if not request:
            return None
        return {**request, "qr": image_data_uri(base64.b64encode(self._qr_png(request["url"])))}

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
