"""Shared by the tests of payment policies: one line gives a customer a policy."""


class PolicyMixin:
    def _policy(self, customer=None, **values):
        """Return a new policy; with a customer it is that customer's own, else the default of the company."""
        policy = self.env["o2c.payment.policy"].sudo().create({"name": "Test policy", **values})
        if customer:
            customer.o2c_policy_id = policy
        else:
            self.env.company.o2c_policy_id = policy
        return policy.sudo(False)
