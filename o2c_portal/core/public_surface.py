"""What every answer of a public page carries, and in which language it is written."""

HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex,nofollow,noarchive"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)

_LOCKED = (
    "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
    "style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:"
)

# Where the forms of the payment providers load scripts and frames from. A provider without an entry gets any host
# that speaks https: a payment that cannot be made is worse than a policy that is wider than it could be.
PROVIDER_HOSTS = {
    "custom": "",
    "demo": "",
    "none": "",
    "adyen": "https://*.adyen.com",
    "authorize": "https://*.authorize.net",
    "mercado_pago": "https://*.mercadopago.com https://*.mercadolibre.com",
    "paypal": "https://*.paypal.com https://*.paypalobjects.com",
    "razorpay": "https://*.razorpay.com",
    "stripe": "https://*.stripe.com",
    "xendit": "https://*.xendit.co",
}

# The one event handler Odoo writes into its script tags.
_ASSET_ERROR_HANDLER = "'unsafe-hashes' 'sha256-8yDIMBSmZv57Ba62SxKgyLxU6rUm3YRxan7K7J0owqQ='"


def locked_policy():
    """Return the Content-Security-Policy of pages that hold nothing but our own text, styles and scripts."""
    return _LOCKED


def checkout_policy(nonce, provider_codes):
    """Return the policy of the page that holds the providers' own forms.

    Odoo compiles its components in the browser and writes style attributes, hence 'unsafe-eval' and inline styles;
    inline scripts need the nonce. A redirect to a provider is a form posted to its site.
    """
    hosts = " ".join(sorted({PROVIDER_HOSTS.get(code, "https:") for code in provider_codes} - {""}))
    own = f"'self' {hosts}".strip()
    return (
        f"default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; "
        f"form-action 'self' https:; style-src 'self' 'unsafe-inline' {hosts}; font-src 'self' data: {hosts}; "
        f"script-src {own} 'nonce-{nonce}' 'unsafe-eval' {_ASSET_ERROR_HANDLER}; "
        f"connect-src {own}; frame-src {own}; img-src {own} data:"
    )


def pick_language(accepted, customer, installed, default):
    """Return the language of a page as one of ``installed``.

    The customer's language, in which the document was sent, wins when the reader understands it or says nothing;
    otherwise the first installed language the reader asks for.

    :param list[str] accepted: what the browser asks for, best first, like ``["fr-CA", "en"]``
    :param str|None customer: language of the invoice's customer
    """
    customer = customer if customer in installed else None
    wished = [code for code in (_installed_match(tag, installed) for tag in accepted) if code]
    if customer and (not wished or customer in wished):
        return customer
    return wished[0] if wished else default


def _installed_match(tag, installed):
    """Return the installed language for a browser's tag: the very one, else any of the same language."""
    code = tag.replace("-", "_")
    same = [name for name in installed if name.lower() == code.lower()]
    short = code.partition("_")[0].lower()
    kin = [name for name in installed if name.partition("_")[0].lower() == short]
    return (same + kin + [None])[0]
