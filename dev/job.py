"""The steps of a job that is watched: a line for each, also for the one that fails."""

import contextlib


class StepFailed(Exception):  # noqa: N818 (it says what happened)
    """A step failed and was told; the reason is the cause."""


def do(label, step, afterwards=lambda: None):
    """Do a step and print what it saw, or why it failed.

    :param afterwards: called when it failed and that was told; its own errors hide nothing
    :raises StepFailed: if the step raises anything
    """
    try:
        print(f"ok   {label} {step()}", flush=True)
    except Exception as error:
        print(f"FAIL {label} {reason(error)}", flush=True)
        with contextlib.suppress(Exception):
            afterwards()
        raise StepFailed(label.strip()) from error


def reason(error):
    """Return an error in words, its kind where it has none of its own."""
    return str(error) or repr(error)
