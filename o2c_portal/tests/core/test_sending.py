"""Many documents: how they are divided, and how long they take, as tables."""

from odoo.tests import BaseCase, tagged

from odoo.addons.o2c_portal.core.sending import Pace, chunk_size, pace, part_size


@tagged("post_install", "-at_install")
class TestSending(BaseCase):
    def test_both_printers_have_work_and_neither_gets_more_than_a_part(self):
        for count, size in [(1, 1), (2, 1), (3, 2), (10, 5), (19, 10), (20, 10), (40, 10), (500, 10)]:
            with self.subTest(count):
                self.assertEqual(part_size(count), size)

    def test_slow_documents_are_taken_in_smaller_chunks(self):
        for done, seconds, size in [(0, 0.0, 40), (40, 0.0, 40), (40, 8.0, 40), (40, 40.0, 20), (2, 200.0, 1)]:
            with self.subTest(done=done, seconds=seconds):
                self.assertEqual(chunk_size(done, seconds), size)

    def test_pace(self):
        table = [
            # done, seconds, waiting -> per minute, seconds left
            (0, 0.0, 10, None, None),
            (0, 5.0, 10, None, None),
            (3, 0.0, 10, None, None),
            (40, 8.0, 460, 300, 92),
            (40, 8.0, 0, 300, 0),
            (1, 90.0, 2, 1, 180),
        ]
        for done, seconds, waiting, per_minute, left in table:
            with self.subTest(done=done, seconds=seconds, waiting=waiting):
                self.assertEqual(pace(done, seconds, waiting), Pace(per_minute, left))
