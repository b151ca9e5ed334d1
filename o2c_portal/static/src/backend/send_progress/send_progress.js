import { formatFloatTime } from "@web/views/fields/formatters";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, onWillStart, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";

const EVERY = 1500; // ms between two looks while documents are being sent

/** How a bulk sending goes: asks the server while it goes on, and has the form shown anew when it ends. */
export class SendProgress extends Component {
    static template = "o2c_portal.SendProgress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.progress = useState({ total: 0, failures: [] });
        onWillStart(() => this.look());
        onWillUpdateProps(() => this.look());
        onWillUnmount(() => this.rest());
    }

    rest() {
        this.gone = true;
        clearTimeout(this.timer);
    }

    async look() {
        clearTimeout(this.timer);
        const { resModel, resId } = this.props.record;
        try {
            Object.assign(this.progress, await this.orm.silent.call(resModel, "get_progress", [[resId]]));
            this.progress.lost = false;
        } catch {
            this.progress.lost = true; // the server is away for a moment: the sending itself does not depend on us
        }
        if (this.gone) {
            return;
        }
        if (this.progress.state === "running" || this.progress.working || this.progress.lost) {
            this.timer = setTimeout(() => this.look(), EVERY);
        }
        if (!this.progress.lost && this.progress.state !== this.props.record.data.state) {
            await this.props.record.load();
        }
    }

    share(count) {
        return this.progress.total ? (100 * count) / this.progress.total : 0;
    }

    get done() {
        return this.progress.total - this.progress.waiting;
    }

    /** Minutes and seconds, as in 1:05. */
    get left() {
        return formatFloatTime(this.progress.seconds_left / 60, { noLeadingZeroHour: true });
    }

    openInvoice(failure) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "account.move",
            res_id: failure.move_id,
            views: [[false, "form"]],
        });
    }
}

registry.category("view_widgets").add("o2c_send_progress", {
    component: SendProgress,
    fieldDependencies: [{ name: "state", type: "selection" }],
});
