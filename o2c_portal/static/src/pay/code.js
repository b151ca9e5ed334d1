/* Notices a mistyped code before it is sent, so that a slip costs no try; without this the server says the same. */
(() => {
    const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const form = document.getElementById("o2c-code-form");
    const field = document.getElementById("o2c-code");
    const message = document.querySelector("#o2c-code-error > span");

    const read = (text) =>
        text.normalize("NFKC").replace(/[\s\-\u2010-\u2015\u2212._]+/g, "").toUpperCase()
            .replace(/O/g, "0").replace(/[IL]/g, "1");

    const isGood = (code) => {
        const values = [...code].map((symbol) => ALPHABET.indexOf(symbol));
        if (values.length !== Number(field.dataset.length) || values.includes(-1)) {
            return false;
        }
        const sum = values.reverse().reduce((total, value, place) => {
            const weighed = value * (1 + (place % 2));
            return total + Math.floor(weighed / 32) + (weighed % 32);
        }, 0);
        return sum % 32 === 0;
    };

    const show = (wrong) => {
        message.hidden = !wrong;
        if (wrong) {
            field.setAttribute("aria-invalid", "true");
        } else {
            field.removeAttribute("aria-invalid");
        }
    };

    form.addEventListener("submit", (event) => {
        if (!isGood(read(field.value))) {
            event.preventDefault();
            show(true);
            field.focus();
        }
    });
    field.addEventListener("input", () => show(false));
})();
