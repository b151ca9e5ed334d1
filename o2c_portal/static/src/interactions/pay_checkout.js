import { patch } from "@web/core/utils/patch";
import { PaymentForm } from "@payment/interactions/payment_form";
import { PaymentPostProcessing } from "@payment/interactions/post_processing";

patch(PaymentForm.prototype, {
    /**
     * On the pay page: show what paying this way comes to, fee included. What is shown is what is sent.
     *
     * @override method from @payment/interactions/payment_form
     */
    async _expandInlineForm(radio) {
        const checkout = this.el.closest("#o2c_pay_checkout");
        if (checkout) {
            this.o2cFree ??= {
                minor: checkout.dataset.expectedMinor,
                amount: checkout.dataset.amount,
                label: this.defaultSubmitButtonLabel,
            };
            const free = this.o2cFree;
            const amount = radio.dataset.o2cAmount || free.amount;
            document.getElementById("o2c_total").textContent = amount;
            this.defaultSubmitButtonLabel = free.label.replace(free.amount, () => amount);
            checkout.dataset.expectedMinor = radio.dataset.o2cMinor || free.minor;
        }
        return super._expandInlineForm(...arguments);
    },

    /**
     * On the pay page: send what was chosen and what it should cost. Amount, currency, customer and the way back are
     * the server's to know.
     *
     * @override method from @payment/interactions/payment_form
     */
    _prepareTransactionRouteParams() {
        const params = super._prepareTransactionRouteParams(...arguments);
        const checkout = this.el.closest("#o2c_pay_checkout");
        if (!checkout) {
            return params;
        }
        return {
            provider_id: params.provider_id,
            payment_method_id: params.payment_method_id,
            token_id: params.token_id,
            flow: params.flow,
            tokenization_requested: Boolean(params.tokenization_requested),
            csrf_token: params.csrf_token,
            expected_minor: Number(checkout.dataset.expectedMinor),
            installment_ids: JSON.parse(checkout.dataset.installmentIds),
            ...(checkout.dataset.amountsMinor && { amounts_minor: JSON.parse(checkout.dataset.amountsMinor) }),
            ...(checkout.dataset.onAccountMinor && { on_account_minor: Number(checkout.dataset.onAccountMinor) }),
        };
    },
});

patch(PaymentPostProcessing, {
    /**
     * Who came from the pay page is not left waiting for a bank: the result page says that the payment is in process.
     *
     * @override method from @payment/interactions/post_processing
     */
    getFinalStates() {
        const finalStates = super.getFinalStates(...arguments);
        if (document.querySelector('[name="o_payment_status"][data-o2c-pay-link]')) {
            finalStates.add("pending");
        }
        return finalStates;
    },
});
