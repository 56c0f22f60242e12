from __future__ import annotations

import pytest

from kplay.agent.limits import reads_only


@pytest.mark.parametrize(
    "line",
    [
        "dpkg-query -W -f ${Status} curl",
        "/usr/bin/dpkg-query -s curl",
        "apt-cache policy curl",
        "systemctl show containerd.service --property=ActiveState",
        "systemctl is-enabled x",
        "systemctl --no-pager list-unit-files",
        "sysctl -n net.ipv4.ip_forward",
        "sysctl -a",
        "kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o json",
        "kubectl --kubeconfig=/x version",
        "ctr -n k8s.io images ls -q",
        "crictl images -o json",
        "ip -j addr show",
        "mount",
        "swapon --show",
        "lsmod",
        "getent passwd root",
        "timedatectl show",
        "hostname",
        "crontab -l -u app",
        "iptables -t nat -w 5 -C PREROUTING -j ACCEPT",
        "iptables -t filter -S INPUT",
        "firewall-cmd --permanent --zone=public --query-port=80/tcp",
        "firewall-cmd --state",
        "firewall-offline-cmd --zone=public --query-service=http",
        "ufw --dry-run allow 22",
        "ufw status numbered",
        "grubby --info=ALL",
        "getsebool x",
    ],
)
def test_readers(line: str) -> None:
    assert reads_only(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf /",
        "crontab -u app",
        "crontab -u app -r",
        "crontab -l -r",
        "crontab file",
        "iptables -t nat -A PREROUTING -j ACCEPT",
        "iptables -t filter -L -Z",
        "iptables -F",
        "firewall-cmd --permanent --add-port=80/tcp",
        "firewall-cmd --reload",
        "firewall-cmd --zone=public --query-port=1/tcp --remove-port=1/tcp",
        "ufw enable",
        "ufw allow 22",
        "grubby --info=ALL --update-kernel=ALL --args=x",
        "sh -c true",
        "apt-get update",
        "systemctl restart x",
        "systemctl --no-pager stop x",
        "systemctl",
        "sysctl -w a=b",
        "sysctl -n -w a=b",
        "sysctl -n a=b",
        "sysctl -p",
        "kubectl apply -f x",
        "kubectl --context get delete pod x",
        "kubectl -n get delete pod x",
        "ctr -n k8s.io images rm x",
        "ctr images import x",
        "ip -j link set lo down",
        "ip -j route add default via 1.1.1.1",
        "mount /dev/sda1 /mnt",
        "swapon -a",
        "swapon --show -a /dev/x".replace("--show -a", "-a"),
        "hostname evil",
        "dpkg -i x.deb",
        "modprobe br_netfilter",
        "timedatectl set-time 0",
        "rpm -q --pipe sh x",
        "apt-cache gencaches",
        "iptables-save -M /tmp/x",
        "",
    ],
)
def test_everything_else_is_refused(line: str) -> None:
    assert not reads_only(line.split())
