"""The table of rules: what lint looks for beyond what loading refuses."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One thing that lint finds.

    severity is ``error`` where a run that gets there is sure to fail or to do other than what is
    written, ``warning`` where it may, ``both`` where the finding decides.
    """

    code: str
    severity: str
    about: str
    strict: bool = False
    """Whether it is looked for under ``--strict`` alone."""


RULES: tuple[Rule, ...] = (
    # kplay.lint.variables
    Rule("undefined-variable", "error", "a variable that nothing defines where it is surely read"),
    Rule("possibly-undefined", "warning", "a variable that nothing in sight defines, and that a "
         "run may read"),
    Rule("used-before-set", "error", "a variable that only tasks further down register or set"),
    Rule("unused-register", "warning", "a registered result that nothing reads", strict=True),
    # kplay.execute.unread
    Rule("unread-variable", "warning", "a variable of -e or the inventory that nothing reads, and "
         "that is spelled almost like one that is known"),
    # kplay.lint.forms
    Rule("decimal-mode", "error", "a file mode that YAML reads as a decimal number (`mode: 755`)"),
    Rule("short-mode", "warning", 'a file mode without its leading zero (`"755"`)', strict=True),
    Rule("number-loses-text", "error", "a number that YAML reads as another text than is written "
         "(`version: 1.30` is 1.3)"),
    Rule("version-as-number", "warning", "a version without quotes that YAML reads as a number",
         strict=True),
    Rule("boolean-as-text", "warning", "`yes`, `no`, `on` or `off` where text is wanted: it "
         "becomes `True` or `False`"),
    # kplay.lint.conditions
    Rule("braces-in-condition", "warning", "`{{ }}` in a condition, an expression already"),
    Rule("text-as-condition", "error", 'a condition that is the text `"no"` or `"yes"`'),
    # kplay.lint.handlers
    Rule("unused-handler", "warning", "a handler that nothing notifies"),
    Rule("unheard-notify", "warning", "a notified name that no handler in sight answers to"),
    # kplay.lint.selection
    Rule("unknown-tag", "warning", "a name of --tags or --skip-tags that no task bears"),
    Rule("no-hosts", "warning", "a play whose pattern selects no host of the inventory"),
    # kplay.lint.files
    Rule("missing-file", "both", "a file that a task names and that is in none of the places where "
         "it is sought"),
    Rule("bad-template", "both", "a template file that Jinja cannot read"),
    # kplay.lint.settings
    Rule("become-user-alone", "warning", "`become_user` without `become`"),
    Rule("run-once-per-batch", "warning", "`run_once` on a command in a play with `serial`: it "
         "runs once a batch"),
)  # fmt: skip

BY_CODE = {rule.code: rule for rule in RULES}


def page() -> str:
    """The table as text, a rule a line."""
    lines = []
    for rule in sorted(RULES):
        severity = {"both": "error or warning"}.get(rule.severity, rule.severity)
        more = " (--strict)" if rule.strict else ""
        lines.append(f"{rule.code:<20} {severity:<17} {rule.about}{more}")
    return "\n".join(lines)
