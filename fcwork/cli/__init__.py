"""``fcwork`` on the command line: one verb a face, each thin over the package.

Exit codes: 0 for success, 1 for a failed run or a platform that refused, 2 for the caller's mistake, 3 for rows that
were rejected and a load that was refused by its gate or completed with errors, 130 for Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

import fcwork
from fcwork.cli import exits
from fcwork.cli.checking import check
from fcwork.cli.checkpoints import checkpoints
from fcwork.cli.cleaning import clean
from fcwork.cli.connecting import connect
from fcwork.cli.demo import demo
from fcwork.cli.examples import examples
from fcwork.cli.extracting import extract
from fcwork.cli.inbox import inbox
from fcwork.cli.jobs import jobs
from fcwork.cli.keys import keys
from fcwork.cli.mapping import map_rows
from fcwork.cli.metrics import metrics
from fcwork.cli.platform import simulate
from fcwork.cli.reading import read
from fcwork.cli.receiving import receive
from fcwork.cli.reconciling import reconcile
from fcwork.cli.run import run
from fcwork.cli.runs import runs
from fcwork.cli.scheduling import schedule, scheduler
from fcwork.cli.sending import send
from fcwork.cli.serving import serve
from fcwork.cli.share import share
from fcwork.cli.templates import templates
from fcwork.cli.vault import vault
from fcwork.cli.verifying import verify
from fcwork.cli.workspace import init, lab
from fcwork.errors import FcworkError

VERBS = (
    demo,
    init,
    lab,
    templates,
    run,
    runs,
    metrics,
    share,
    serve,
    schedule,
    scheduler,
    jobs,
    read,
    map_rows,
    check,
    send,
    checkpoints,
    extract,
    reconcile,
    receive,
    inbox,
    clean,
    connect,
    vault,
    simulate,
    verify,
    keys,
)

IRI_GRAMMAR = "rfc3987_syntax"  # JupyterLab brings it; it takes seconds to import, for a check nobody here asks for


class _InOrder(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs as a newcomer meets them."""
        del ctx
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples(
        "fcwork demo               10,000 rows into the embedded simulator, nothing to set up",
        "fcwork init my-workspace  notebooks, mappings and samples of your own",
        "fcwork lab my-workspace   the same in JupyterLab",
        "fcwork map stock.csv -m inventory.json",
    ),
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors and the folder of a run.")
@click.version_option(fcwork.__version__, "-V", "--version", message="fcwork %(version)s")
@click.pass_context
def cli(ctx: click.Context, *, quiet: bool) -> None:
    """A workbench for Fluent Commerce: load and extract data by notebooks that say truly what happened.

    `fcwork VERB --help` tells more about each verb. Columns that FCWORK_MASK names, such as email,customer.phone, are
    hidden in all that is shown or reported, and sent and written as they are.
    """
    from fcwork import settings

    settings.hide_personal_data()
    ctx.obj = quiet
    if quiet:
        os.environ["FCWORK_LOG"] = "quiet"


for verb in VERBS:
    cli.add_command(verb)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.modules.setdefault(IRI_GRAMMAR, None)  # type: ignore[arg-type]  # None: it is as if it were not installed
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an arrow must not end a run in a terminal without arrows
    sys.exit(run_verb(sys.argv[1:]))


def run_verb(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    try:
        code: Any = cli.main(args=list(arguments), prog_name="fcwork", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return exits.MISTAKE
    except FcworkError as error:
        exits.tell(str(error))
        return exits.of_error(error)
    except (click.Abort, KeyboardInterrupt):
        exits.tell("stopped")
        return exits.STOPPED
    except BrokenPipeError:  # whoever read our output went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.FAILED
    except Exception as error:  # noqa: BLE001 - the command line's edge: nobody gets a traceback for an answer
        exits.tell(exits.unexpected(error))
        return exits.FAILED
    return int(code or 0)
