"""The entry point, and the one place where errors become text and exit codes."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kplay.errors import ExitCode, KplayError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code of docs/exit-codes.md."""
    _mend_streams()
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except KplayError as error:
        from kplay.report.failure import of_error

        print(of_error(error), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe left (`kplay graph … | head`): Python flushes again on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - a bug must end in a short message, not a traceback
        print(f"error[bug]: kplay has a bug: {type(error).__name__}", file=sys.stderr)
        print(
            f" = help: report it with {_crash_log(error)}, once you have read it", file=sys.stderr
        )
        return ExitCode.BUG
    return code


def _mend_streams() -> None:
    # Python has None for a stream that was closed before it began (`kplay … >&-`), and refuses
    # characters that the locale's encoding lacks.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(argv: list[str]) -> ExitCode:
    from kplay.cli.parser import parser

    top = parser()
    _refuse_unknown_verb(argv)
    chosen, rest = top.parse_known_args(argv)
    if rest:
        # argparse takes positional arguments in one run: these stood behind an option
        if not hasattr(chosen, "playbooks") or any(word.startswith("-") for word in rest):
            top.error(f"unrecognized arguments: {' '.join(rest)}")
        chosen.playbooks += [Path(word) for word in rest]
    if chosen.version:
        from kplay.cli import version

        return version.run(chosen)
    if chosen.verb is None:
        top.print_help(sys.stderr)
        return ExitCode.USAGE
    code: ExitCode = chosen.run(chosen)
    return code


def _refuse_unknown_verb(argv: list[str]) -> None:
    from kplay.cli.verbs import verbs

    word = next((word for word in argv if not word.startswith("-")), None)
    known = verbs()
    if word is None or word in known:
        return
    from kplay.diagnostics import suggest

    hints = suggest(word, known) or (f"the verbs are {', '.join(known)}",)
    raise UsageError(f"no verb named `{word}`\n = help: {hints[0]}")


def _crash_log(error: Exception) -> Path:
    import tempfile
    import time
    import traceback

    name = f"kplay-crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    text = "".join(traceback.format_exception(error))
    for directory in (Path(".kplay"), Path(tempfile.gettempdir())):
        path = directory / name
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        except OSError:
            continue
        return path
    return Path(os.devnull)


if __name__ == "__main__":
    sys.exit(main())
