"""What people type and what they hand in, as tables."""

from datetime import date

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core import pauses, typed, uploads


@tagged("post_install", "-at_install")
class TestTyped(BaseCase):
    def test_card_numbers_are_masked(self):
        for text, kept in (
            ("my card 4242 4242 4242 4242 please", "my card **** 4242 please"),
            ("4242-4242-4242-4242", "**** 4242"), ("5555555555554444", "**** 4444"),
            ("378282246310005.", "**** 0005."),
            ("invoice 1234567890123456", "invoice 1234567890123456"),
            ("+32 2 123 45 67", "+32 2 123 45 67"), ("BE68 5390 0754 7034", "BE68 5390 0754 7034"), ("", ""),
        ):
            with self.subTest(text=text):
                self.assertEqual(typed.mask_cards(text), kept)

    def test_files_are_told_by_their_content(self):
        for content, kind in (
            (b"%PDF-1.7\n", ("pdf", "application/pdf")), (b"\xff\xd8\xff\xe0", ("jpg", "image/jpeg")),
            (b"\x89PNG\r\n\x1a\nx", ("png", "image/png")), (b"", None), (b"<svg>", None), (b" %PDF-1.7", None),
            (b"MZ\x90", None), (b"GIF89a", None), (b"PK\x03\x04", None),
        ):
            with self.subTest(content=content):
                self.assertEqual(uploads.kind(content), kind)

    def test_file_names(self):
        for name, safe in (
            ("slip.pdf", "slip.pdf"), ("../../etc/passwd", "file 1.pdf"), ("a.exe", "a.pdf"), ("", "file 1.pdf"),
            ("C:\\x\\y.pdf", "y.pdf"), ("<img src=x>.pdf", "_img src_x_.pdf"), ("a\r\nb.pdf", "a__b.pdf"),
            ("é" * 300 + ".pdf", "é" * 60 + ".pdf"), (".pdf", "file 1.pdf"), ("x.pdf.html", "x.pdf.pdf"),
        ):
            with self.subTest(name=name[:20]):
                self.assertEqual(uploads.safe_name(name, "pdf", 1), safe)

    def test_a_document_is_paused_once(self):
        day = date(2026, 2, 27)
        self.assertEqual(pauses.pause_until(day, 7, False), date(2026, 3, 6))
        self.assertIsNone(pauses.pause_until(day, 7, True))
        self.assertIsNone(pauses.pause_until(day, 0, False))
