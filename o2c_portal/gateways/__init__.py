"""The only package that may import a payment or accounting SDK, and only when a call is made."""
