"""The catalogues are complete: every text of the addon is in the template, and in French and German."""

import re
from pathlib import Path

import polib
from lxml import etree

from odoo.tests import tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

from .common import O2cCommon

PLACEHOLDERS = re.compile(r"%\(\w+\)s|%s|</?\w+")


@tagged("post_install", "-at_install")
class TestTranslations(O2cCommon):

    def _catalogue(self, name):
        return {entry.msgid: entry.msgstr for entry in polib.pofile(file_path(f"o2c_portal/i18n/{name}"))}

    def test_the_template_holds_every_text(self):
        exported = {row[4] for row in TranslationModuleReader(self.env.cr, ["o2c_portal"], lang=None)}
        self.assertEqual(exported, set(self._catalogue("o2c_portal.pot")))

    def test_layouts_hold_no_words(self):
        """Odoo does not translate templates that begin with a document type."""
        for path in sorted(Path(file_path("o2c_portal/views")).glob("*.xml")):
            for template in etree.parse(path).iter("template"):
                if not (template.text or "").startswith("<!DOCTYPE"):
                    continue
                words = {text.strip() for element in template.iter() for text in (element.text, element.tail) if text}
                words |= {element.get(name, "") for element in template.iter() for name in ("aria-label", "alt")}
                left = {text for text in words if re.search(r"[A-Za-z]{2}", text)} - {"<!DOCTYPE html>"}
                self.assertFalse(left, template.get("id"))

    def test_french_and_german_are_complete(self):
        template = set(self._catalogue("o2c_portal.pot"))
        for language in ("fr.po", "de.po"):
            words = self._catalogue(language)
            with self.subTest(language=language):
                self.assertEqual(set(words), template)
                self.assertEqual([source for source, text in words.items() if not text], [])
                for source, text in words.items():
                    self.assertEqual(sorted(PLACEHOLDERS.findall(source)), sorted(PLACEHOLDERS.findall(text)), source)
