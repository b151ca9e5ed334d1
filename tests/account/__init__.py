"""A customer's own account on a phone: everything it offers, against a real server with real mail."""
