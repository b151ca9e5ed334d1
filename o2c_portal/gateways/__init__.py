"""The only package that imports a payment or accounting SDK, or runs another program; and only when a call is made."""
