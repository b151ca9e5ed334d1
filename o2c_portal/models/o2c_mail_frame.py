"""What the mails we write by ourselves share: their frame, the side they are read from, and their plain text."""

import re

from markupsafe import Markup

from odoo import api, models
from odoo.tools import html2plaintext

BRAND, ON_BRAND = "#714B67", "#FFFFFF"
HEADING = re.compile(r"<(/?)h[12]\b[^>]*>")
OUTLOOK = {
    "open": Markup('<!--[if mso]><table role="presentation" width="560" cellspacing="0" cellpadding="0"><tr><td>'
                   '<![endif]-->'),
    "close": Markup("<!--[if mso]></td></tr></table><![endif]-->"),
    "others": Markup("<!--[if !mso]><!-->"),
    "end_others": Markup("<!--<![endif]-->"),
}


class O2cMailFrame(models.AbstractModel):
    _name = "o2c.mail.frame"
    _description = "Frame of Mails"

    @api.model
    def _render(self, template, lang, values):
        """Return a mail as ``Markup``.

        :param str template: one that calls ``mail_frame`` or ``mail_head``, without the name of the addon
        :param str lang: code of the reader's language
        :param dict values: of the template; at least its ``subject`` and ``company``
        """
        return self.env["ir.qweb"]._render(
            f"o2c_portal.{template}",
            {**values, **self._sides(lang), **self._colours(values["company"]), "outlook": OUTLOOK},
            minimal_qcontext=True, lang=lang,
        )

    @api.model
    def _colours(self, company):
        """Return the colours of a company's mails: of lines and buttons, and of what is written on buttons."""
        return {"fill": company.email_secondary_color or BRAND, "ink": company.email_primary_color or ON_BRAND}

    @api.model
    def _sides(self, lang):
        """Return language and direction as HTML knows them, and where lines begin and end: mail readers know no logical
        sides."""
        direction = self.env["res.lang"]._lang_get(lang).direction or "ltr"
        start, end = ("left", "right") if direction == "ltr" else ("right", "left")
        return {"html_lang": lang.replace("_", "-"), "direction": direction, "start": start, "end": end}

    @api.model
    def _text(self, html):
        """Return the plain text of a mail. Odoo marks headings by stars, on one side only where they have a style."""
        lines = [line.strip() for line in html2plaintext(HEADING.sub(r"<\1p>", str(html))).splitlines()]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
