"""service: a service started, stopped or enabled, by systemd."""

from kplay.modules import systemd
from kplay.modules.api import Arg, Module

# Ansible hands all but its own arguments on to the module of the host's service manager, and
# leaves out those that systemd has no use for
module = Module(
    "service",
    args=dict(
        systemd.ARGS,
        name=Arg("str"),
        arguments=Arg("str", default="", aliases=("args",)),
        pattern=Arg("str"),
        runlevel=Arg("str", default="default"),
        sleep=Arg("int"),
        use=Arg("str", default="auto", choices=("auto", "systemd", "service")),
    ),
    observe=systemd.observe,
    desire=systemd.desire,
    apply=systemd.apply,
    reach="cluster",
    result=systemd.result,
    complete=True,
    foresee=systemd.foresee,
    verify=("enabled", "masked"),
    uncounted=systemd.UNCOUNTED,
    overdue=systemd.overdue,
    requires_one_of=(("state", "enabled", "daemon_reload", "masked"),),
    also_known_as=("ansible.builtin.service",),
)
