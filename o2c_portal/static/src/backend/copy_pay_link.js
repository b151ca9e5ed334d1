import { browser } from "@web/core/browser/browser";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/** Put the address on the clipboard; where the browser does not allow it, show it to be copied by hand. */
async function copyPayLink(env, action) {
    const { url } = action.params;
    try {
        await browser.navigator.clipboard.writeText(url);
    } catch {
        env.services.dialog.add(AlertDialog, { title: _t("Pay Now link"), body: url });
        return;
    }
    env.services.notification.add(_t("Pay Now link copied."), { type: "success" });
    return { type: "ir.actions.client", tag: "soft_reload" };
}

registry.category("actions").add("o2c_portal.copy_pay_link", copyPayLink);
