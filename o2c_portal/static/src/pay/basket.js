/* Adds up what is ticked on the account page. Without it the next page does. */
(() => {
    const form = document.querySelector(".o2c-basket");
    document.getElementById("o2c-errors")?.focus();
    if (!form) {
        return;
    }
    const { digits, point, group, sample } = JSON.parse(form.dataset.numbers);
    const boxes = [...form.querySelectorAll('input[name="item"]')];
    const choices = [...form.querySelectorAll('input[type="radio"][name="choice"]')];
    const ahead = form.querySelector('input[name="on_account"]');
    const running = form.querySelector(".o2c-running");
    const amountOf = (box) => form.querySelector(`#amount_${box.value}`);

    /** Return what was typed in minor units, NaN when the server would not understand it either. */
    const parse = (text) => {
        let typed = text.replace(/[\s'’]+/g, "").trim();
        const marks = typed.match(/[.,]/g) || [];
        let mark = marks.filter((found) => found === marks.at(-1)).length === 1 ? marks.at(-1) : "";
        if (marks.length === 1 && mark !== point && /^\d{1,3}[.,]\d{3}$/.test(typed)) {
            mark = "";
        }
        const cut = mark ? typed.lastIndexOf(mark) : typed.length;
        const whole = typed.slice(0, cut).replace(/[.,]/g, "");
        const decimals = typed.slice(cut + 1).replace(/0+$/, "");
        return /^\d{1,13}$/.test(whole) && /^\d*$/.test(decimals) && decimals.length <= digits
            ? Number(whole + decimals.padEnd(digits, "0"))
            : NaN;
    };

    const format = (minor) => {
        const text = String(minor).padStart(digits + 1, "0");
        const whole = text.slice(0, text.length - digits).replace(/\B(?=(\d{3})+$)/g, group);
        return sample.replace(/\d[\d.,]*/, digits ? whole + point + text.slice(-digits) : whole);
    };

    const chosen = () => choices.find((choice) => choice.checked)?.value ?? "selected";

    const update = () => {
        let minor = ahead?.value.trim() ? parse(ahead.value) : 0;
        if (chosen() === "selected") {
            for (const box of boxes.filter((found) => found.checked)) {
                minor += amountOf(box) ? parse(amountOf(box).value) : Number(box.dataset.minor);
            }
        } else {
            minor += Number(choices.find((choice) => choice.checked).dataset.minor);
        }
        running.querySelector("bdi").textContent = Number.isNaN(minor) ? "–" : format(minor);
    };

    /** A choice of everything ticks what it stands for; ticking something else is a choice of its own. */
    const follow = () => {
        const choice = chosen();
        if (choice !== "selected") {
            boxes.forEach((box) => {
                box.checked = choice === "all" || Boolean(box.dataset.late);
                const amount = amountOf(box);
                if (amount) {
                    amount.value = amount.dataset.full;
                }
            });
        }
        update();
    };
    const select = () => {
        const selected = choices.find((choice) => choice.value === "selected");
        if (selected) {
            selected.checked = true;
        }
        update();
    };
    choices.forEach((choice) => choice.addEventListener("change", follow));
    boxes.forEach((box) => {
        box.addEventListener("change", select);
        amountOf(box)?.addEventListener("input", () => {
            box.checked = true;
            select();
        });
    });
    ahead?.addEventListener("input", update);

    /* Credit goes to what is selected: the two forms share the ticks. */
    const credits = document.querySelector(".o2c-credits form");
    credits?.addEventListener("submit", () => {
        credits.querySelectorAll('input[name="item"]').forEach((item) => item.remove());
        for (const box of chosen() === "selected" ? boxes.filter((found) => found.checked) : []) {
            credits.append(Object.assign(document.createElement("input"), { type: "hidden", name: "item", value: box.value }));
        }
    });
    credits?.querySelector(".o2c-with-script")?.removeAttribute("hidden");
    running.hidden = false;
    if (choices.length && chosen() !== "selected") {
        follow();
    } else {
        update();
    }
})();
