"""Documents printed together: one file, in the order of the post, with a list of them in front."""

from odoo import api, fields, models
from odoo.tools import format_amount

from ..core.delivery import in_short
from ..core.print_pile import Sheet, in_order
from ..gateways.pdf_binder import Binder
from .o2c_print_item import MOST

REPORT = "o2c_portal.o2c_print_cover_report"


class O2cPrintPile(models.Model):
    """The file is made and kept in one transaction with the documents it has; nothing is sent until somebody says that
    it is printed."""

    _name = "o2c.print.pile"
    _description = "Print Pile"
    _order = "id desc"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", "Made by", required=True, readonly=True, ondelete="restrict",
                              default=lambda self: self.env.uid)
    state = fields.Selection(
        [("open", "Being printed"), ("printed", "Printed"), ("undone", "Put back")],
        required=True, default="open", readonly=True, index=True,
    )
    item_ids = fields.One2many("o2c.print.item", "pile_id", "Documents", readonly=True)
    attachment_id = fields.Many2one("ir.attachment", "File", readonly=True, ondelete="set null")
    document_count = fields.Integer("Documents in the file", readonly=True)
    page_count = fields.Integer("Pages", readonly=True, help="The list in front is not counted.")
    withdrawn = fields.Char(compute="_compute_withdrawn")
    printed_at = fields.Datetime("Printed on", readonly=True)
    printed_by_id = fields.Many2one("res.users", "Printed by", readonly=True, ondelete="set null")

    @api.depends("create_date")
    def _compute_display_name(self):
        for pile in self:
            made = fields.Datetime.context_timestamp(pile, pile.create_date or fields.Datetime.now())
            pile.display_name = self.env._("Print pile of %(date)s", date=made.strftime("%Y-%m-%d %H:%M"))

    @api.depends("item_ids.state")
    def _compute_withdrawn(self):
        for pile in self:
            gone = pile.item_ids.filtered(lambda item: item.state == "dropped" and item.pages)
            pile.withdrawn = ", ".join(gone.move_id.mapped("name"))

    # Making

    @api.model
    def _make(self, company, items):
        """Make the file of waiting documents of one company and return its pile; the documents behind the first 500
        stay for the next one. Needs elevated rights and locked items."""
        pile = self.sudo().create({"company_id": company.id})
        items = pile._in_order(items)[:MOST]
        self.env["o2c.pay.link"]._prolong_paper(items.move_id)
        for place, item in enumerate(items, 1):
            item.write({"pile_id": pile.id, "state": "open", "sequence": place,
                        "file_id": item.move_id.invoice_pdf_report_id.id})
        pile.attachment_id = self.env["ir.attachment"].sudo().create({
            "name": f"{pile.display_name.replace(':', '-')}.pdf", "raw": pile._bound(items),
            "mimetype": "application/pdf", "res_model": self._name, "res_id": pile.id,
        })
        return pile

    def _in_order(self, items):
        """Return items as letters are sorted for the post."""
        sheets = [Sheet(
            item.id, item.move_id.name, item.partner_id.display_name or "", item.partner_id.country_id.code or "",
            item.partner_id.zip or "",
        ) for item in items]
        home = self.company_id.country_id.code or ""
        return items.browse(sheet.document for sheet in in_order(sheets, home))

    def _bound(self, items):
        """Return the documents in one PDF, with the list of them in front."""
        binder = Binder()
        for item in items:
            try:
                item.pages = binder.add(item.file_id.raw)
            except Exception as error:  # noqa: BLE001 - one broken file must not hold up the others; the reason is kept
                item._drop(self.env._("Its PDF cannot be read: %(reason)s", reason=in_short(str(error) or repr(error))))
            item.file_id.invalidate_recordset(["raw"], flush=False)
        bound = items.filtered(lambda item: item.state == "open")
        self.document_count, self.page_count = len(bound), sum(bound.mapped("pages"))
        report = self.env["ir.actions.report"].sudo().with_company(self.company_id)  # sudo: the caller has checked
        report = report.with_context(o2c_no_print_delay=True)
        binder.add(report._render_qweb_pdf(REPORT, res_ids=self.ids)[0], first=True)
        return binder.bound()

    def _cover_rows(self):
        """Return ``[(place, customer, town, document, pages, amount)]`` of the documents in the file, as texts."""
        return [(
            item.sequence, item.partner_id.display_name or "", self._town(item.partner_id), item.move_id.name,
            item.pages, format_amount(self.env, self._amount(item.move_id), item.move_id.currency_id),
        ) for item in self.item_ids if item.pages]

    def _town(self, partner):
        return " ".join(filter(None, [partner.zip, partner.city, partner.country_id.code]))

    def _amount(self, move):
        return -move.amount_total if move.move_type == "out_refund" else move.amount_total

    # People

    def _open(self):
        """Return the action that shows these piles."""
        return self._get_records_action(name=self.env._("Print pile"))

    def action_file(self):
        """Show the file, to print it, once more if need be."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url", "target": "new",
            "url": f"/web/content/{self.sudo().attachment_id.id}",  # sudo: only its number; the file checks by itself
        }

    def action_printed(self):
        """Note that everything in the file is on its way. What was withdrawn since it was made is left out, to be taken
        from the paper."""
        piles = self._to_decide()
        piles.item_ids.filtered(lambda item: item.state == "open")._drop_unfit()._printed()
        piles.write({"state": "printed", "printed_at": fields.Datetime.now(), "printed_by_id": self.env.uid})

    def action_put_back(self):
        """Let the documents wait again, as if the file had never been made."""
        piles = self._to_decide()
        piles.item_ids.filtered(lambda item: item.state == "open").write({
            "state": "waiting", "pile_id": False, "sequence": 0, "pages": 0, "file_id": False,
        })
        piles.state = "undone"

    def _to_decide(self):
        """Return those of the piles about which nobody has decided or is deciding, locked, for a user who may."""
        self.env["o2c.print.item"]._check_clerk()
        self.check_access("read")
        # sudo: rows are written by the system alone; a clerk may only say what became of them
        return self.sudo().try_lock_for_update().filtered(lambda pile: pile.state == "open")

    def action_documents(self):
        """List the documents of a pile."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("o2c_portal.o2c_print_item_action")
        return {**action, "domain": [("pile_id", "=", self.id)], "context": {}}
