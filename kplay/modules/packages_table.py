"""What well-known packages bring: units, paths and users, as of 2026-07.

From the file lists of Debian 12 and 13, Ubuntu 24.04, download.docker.com and pkgs.k8s.io.
Debian starts a package's services when it installs it; an entry of ``units`` is such a service,
one of ``dormant`` is installed but left stopped and disabled, one of ``idle`` is enabled but
stopped, for want of a configuration. Whether one of ``unsure`` starts lies in the host.
"""

from typing import Dict, List, NamedTuple, Tuple


class Brings(NamedTuple):
    """What one package leaves on a host."""

    units: Tuple[str, ...] = ()
    files: Tuple[str, ...] = ()
    directories: Tuple[str, ...] = ()
    users: Tuple[str, ...] = ()
    dormant: Tuple[str, ...] = ()
    idle: Tuple[str, ...] = ()
    unsure: Tuple[str, ...] = ()

    def all_units(self) -> Tuple[str, ...]:
        """Every unit, however it is left."""
        return self.units + self.dormant + self.idle + self.unsure


TABLE: Dict[str, Brings] = {
    "apparmor": Brings(("apparmor.service",), ("/sbin/apparmor_parser",), ("/etc/apparmor.d",)),
    "apt-transport-https": Brings(),
    "bash-completion": Brings((), ("/usr/share/bash-completion/bash_completion",)),
    "ca-certificates": Brings(
        (), ("/usr/sbin/update-ca-certificates",), ("/usr/local/share/ca-certificates",)
    ),
    "chrony": Brings(
        ("chrony.service",),
        ("/etc/chrony/chrony.conf", "/usr/bin/chronyc", "/usr/sbin/chronyd"),
        ("/etc/chrony", "/etc/chrony/conf.d", "/etc/chrony/sources.d"),
        ("_chrony",),
    ),
    "conntrack": Brings((), ("/usr/sbin/conntrack",)),
    "containerd": Brings(
        ("containerd.service",),
        (
            "/usr/bin/containerd",
            "/usr/bin/ctr",
            "/etc/containerd/config.toml",
            "/lib/systemd/system/containerd.service",
        ),
        ("/var/lib/containerd", "/etc/containerd", "/run/containerd"),
    ),
    "containerd.io": Brings(
        ("containerd.service",),
        (
            "/usr/bin/containerd",
            "/usr/bin/ctr",
            "/usr/bin/runc",
            "/etc/containerd/config.toml",
            "/lib/systemd/system/containerd.service",
        ),
        ("/etc/containerd", "/var/lib/containerd", "/run/containerd"),
    ),
    "containernetworking-plugins": Brings((), ("/usr/lib/cni/bridge",), ("/usr/lib/cni",)),
    "cri-o": Brings(
        (),
        ("/usr/bin/crio", "/etc/crio/crio.conf.d/10-crio.conf"),
        ("/etc/crio", "/etc/crio/crio.conf.d"),
        (),
        ("crio.service",),
    ),
    "cri-tools": Brings((), ("/usr/bin/crictl",)),
    "cron": Brings(("cron.service",), ("/usr/bin/crontab", "/etc/crontab"), ("/etc/cron.d",)),
    "curl": Brings((), ("/usr/bin/curl",)),
    "dbus": Brings(("dbus.service", "dbus.socket"), (), (), ("messagebus",)),
    "docker-ce": Brings(
        ("docker.service", "docker.socket"), ("/usr/bin/dockerd",), ("/var/lib/docker",)
    ),
    "docker-ce-cli": Brings((), ("/usr/bin/docker",)),
    "docker.io": Brings(
        ("docker.service", "docker.socket"),
        ("/usr/bin/docker", "/usr/sbin/dockerd"),
        ("/var/lib/docker",),
    ),
    "etcd-server": Brings(
        ("etcd.service",), ("/usr/bin/etcd", "/etc/default/etcd"), ("/var/lib/etcd",), ("etcd",)
    ),
    "ethtool": Brings((), ("/usr/sbin/ethtool",)),
    # Debian 12 gives it a jail that reads a file which only rsyslog writes, and it starts with that
    "fail2ban": Brings(
        (),
        ("/usr/bin/fail2ban-client", "/etc/fail2ban/fail2ban.conf", "/etc/fail2ban/jail.conf"),
        ("/etc/fail2ban", "/etc/fail2ban/jail.d"),
        unsure=("fail2ban.service",),
    ),
    "firewalld": Brings(
        ("firewalld.service",), ("/usr/bin/firewall-cmd",), ("/etc/firewalld/zones",)
    ),
    "gnupg": Brings((), ("/usr/bin/gpg",)),
    "gpg": Brings((), ("/usr/bin/gpg",)),
    "haproxy": Brings(
        ("haproxy.service",),
        ("/etc/haproxy/haproxy.cfg", "/usr/sbin/haproxy"),
        ("/etc/haproxy", "/etc/haproxy/errors", "/var/lib/haproxy"),
        ("haproxy",),
    ),
    "ipset": Brings((), ("/usr/sbin/ipset",)),
    "iproute2": Brings((), ("/usr/bin/ip", "/usr/bin/ss", "/sbin/ip")),
    "iptables": Brings((), ("/usr/sbin/iptables", "/usr/sbin/ip6tables")),
    "iptables-persistent": Brings((), (), ("/etc/iptables",)),
    "ipvsadm": Brings((), ("/usr/sbin/ipvsadm",), (), (), ("ipvsadm.service",)),
    "jq": Brings((), ("/usr/bin/jq",)),
    "keepalived": Brings(
        (), ("/usr/sbin/keepalived",), ("/etc/keepalived",), (), (), ("keepalived.service",)
    ),
    "kmod": Brings((), ("/usr/sbin/modprobe", "/sbin/modprobe"), ("/etc/modules-load.d",)),
    "kubeadm": Brings((), ("/usr/bin/kubeadm",)),
    "kubectl": Brings((), ("/usr/bin/kubectl",)),
    # pkgs.k8s.io leaves it to the administrator, or to kubeadm, to start it
    "kubelet": Brings(
        (),
        ("/usr/bin/kubelet", "/usr/lib/systemd/system/kubelet.service"),
        ("/etc/kubernetes", "/etc/kubernetes/manifests", "/var/lib/kubelet"),
        (),
        ("kubelet.service",),
    ),
    "kubernetes-cni": Brings(
        (), ("/opt/cni/bin/bridge", "/opt/cni/bin/loopback"), ("/opt/cni/bin",)
    ),
    "logrotate": Brings(("logrotate.timer",), ("/usr/sbin/logrotate",), ("/etc/logrotate.d",)),
    "lvm2": Brings(("lvm2-monitor.service",), ("/usr/sbin/lvm", "/sbin/lvm")),
    "multipath-tools": Brings(("multipathd.service",), ("/usr/sbin/multipathd",)),
    "nfs-common": Brings(("rpcbind.service",), ("/usr/sbin/mount.nfs", "/sbin/mount.nfs")),
    "nfs-kernel-server": Brings(
        ("nfs-server.service", "rpcbind.service"),
        ("/usr/sbin/exportfs", "/etc/exports"),
        ("/etc/exports.d",),
    ),
    "nftables": Brings((), ("/usr/sbin/nft", "/etc/nftables.conf"), (), (), ("nftables.service",)),
    "nginx": Brings(
        ("nginx.service",),
        (
            "/etc/nginx/nginx.conf",
            "/etc/nginx/sites-available/default",
            "/etc/nginx/sites-enabled/default",
            "/usr/sbin/nginx",
        ),
        (
            "/etc/nginx",
            "/etc/nginx/conf.d",
            "/etc/nginx/sites-available",
            "/etc/nginx/sites-enabled",
        ),
    ),
    "nginx-common": Brings(),
    "ntpsec": Brings(("ntpsec.service",), ("/etc/ntpsec/ntp.conf",), ("/etc/ntpsec",), ("ntpsec",)),
    "open-iscsi": Brings(
        ("open-iscsi.service",),
        ("/usr/sbin/iscsiadm", "/etc/iscsi/initiatorname.iscsi"),
        ("/etc/iscsi",),
        (),
        ("iscsid.service",),
    ),
    "openssh-client": Brings((), ("/usr/bin/ssh",), ("/etc/ssh",)),
    "openssh-server": Brings(
        ("ssh.service",),
        ("/etc/ssh/sshd_config", "/usr/sbin/sshd"),
        ("/etc/ssh", "/etc/ssh/sshd_config.d"),
        ("sshd",),
    ),
    "procps": Brings((), ("/sbin/sysctl", "/usr/sbin/sysctl"), ("/etc/sysctl.d",)),
    "python3": Brings((), ("/usr/bin/python3",)),
    "python3-apt": Brings(),
    "rpcbind": Brings(("rpcbind.service", "rpcbind.socket"), ("/usr/sbin/rpcbind",), (), ("_rpc",)),
    "rsync": Brings((), ("/usr/bin/rsync",), (), (), ("rsync.service",)),
    "rsyslog": Brings(("rsyslog.service",), ("/etc/rsyslog.conf",), ("/etc/rsyslog.d",)),
    "runc": Brings((), ("/usr/sbin/runc",)),
    "socat": Brings((), ("/usr/bin/socat",)),
    "sudo": Brings((), ("/usr/bin/sudo", "/etc/sudoers"), ("/etc/sudoers.d",)),
    "systemd-resolved": Brings(
        ("systemd-resolved.service",), ("/etc/systemd/resolved.conf",), (), ("systemd-resolve",)
    ),
    "systemd-timesyncd": Brings(
        ("systemd-timesyncd.service",), ("/etc/systemd/timesyncd.conf",), (), ("systemd-timesync",)
    ),
    "tar": Brings((), ("/bin/tar", "/usr/bin/tar")),
    "ufw": Brings(("ufw.service",), ("/usr/sbin/ufw",), ("/etc/ufw",)),
    "unattended-upgrades": Brings(
        ("unattended-upgrades.service",), ("/etc/apt/apt.conf.d/50unattended-upgrades",)
    ),
    "unzip": Brings((), ("/usr/bin/unzip",)),
    "wget": Brings((), ("/usr/bin/wget",)),
    "xz-utils": Brings((), ("/usr/bin/xz",)),
    "zstd": Brings((), ("/usr/bin/zstd",)),
}


def bringing(unit: str) -> List[str]:
    """Give the packages that are known to bring a unit."""
    return sorted(n for n, one in TABLE.items() if unit in one.all_units())
