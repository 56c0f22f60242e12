"""Playbooks tried on a lab from bare hosts to none: what ``kplay lab test`` does.

A rehearsal stands above the pipeline and uses it as the command line does: the plan, the apply and
the verification are those of ``kplay plan`` and ``kplay run``.
"""
