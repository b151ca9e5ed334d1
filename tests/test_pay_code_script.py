"""The page for printed codes notices in the browser what the server would, and nothing else."""

import random
from pathlib import Path

from odoo.addons.o2c_portal.core import paycode

SCRIPT = Path(__file__).parent.parent / "o2c_portal/static/src/pay/code.js"
PAGE = f"""<form id="o2c-code-form"><input id="o2c-code" data-length="{paycode.LENGTH}">
<p id="o2c-code-error"><span hidden>mistyped</span></p></form>"""
SUBMIT = """(typed) => {
    const field = document.getElementById("o2c-code");
    field.value = typed;
    field.dispatchEvent(new Event("input"));
    const sent = document.getElementById("o2c-code-form").dispatchEvent(new Event("submit", { cancelable: true }));
    return [sent, field.matches("[aria-invalid]"), document.querySelector("span").hidden];
}"""


def _typed(dice):
    """Return what somebody might type: a code, with some slips, in some way of writing."""
    code = paycode.derive(b"key", "db", str(dice.random()))
    text = dice.choice([code, paycode.shown(code), code.lower(), " ".join(code), code.replace("0", "o")])
    for _slip in range(dice.choice([0, 0, 1, 2])):
        place = dice.randrange(len(text))
        text = text[:place] + dice.choice(["", " ", *paycode.ALPHABET, "U", "\N{EN DASH}", "é"]) + text[place + 1:]
    return text


def test_browser_and_server_agree(browser):
    page = browser.new_page()
    page.set_content(PAGE)
    page.add_script_tag(content=SCRIPT.read_text())
    dice = random.Random(32)
    cases = ["", " ", "0" * 11, "\N{FULLWIDTH DIGIT ONE}" * 11, *(_typed(dice) for _each in range(500))]
    good = 0
    for typed in cases:
        right = paycode.parse(typed) is not None
        assert page.evaluate(SUBMIT, typed) == [right, not right, right], typed
        good += right
    assert 100 < good < 400
    page.close()
