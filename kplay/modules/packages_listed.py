"""What well-known packages of Debian 12 hold, as of 2026-11.

Written by tests/plan/list_packages.py.

By package, words: ``/etc/x/`` is a directory, ``/etc/x/*`` one of which nobody says what is in it,
``/usr/bin/x>y`` a link, ``/etc/x?`` a file that its scripts may make, ``/etc/x=0440`` one with an
unusual mode.
"""

# ruff: noqa: E501

from typing import Dict

RELEASE = "bookworm"

LISTED: Dict[str, str] = {
    "apparmor": (
        "/etc/apparmor.d/abi/ /etc/apparmor.d/abi/3.0 "
        "/etc/apparmor.d/abi/kernel-5.4-outoftree-network /etc/apparmor.d/abi/kernel-5.4-vanilla "
        "/etc/apparmor.d/abstractions/ /etc/apparmor.d/abstractions/* "
        "/etc/apparmor.d/abstractions/launchpad-integration? /etc/apparmor.d/cache.d? "
        "/etc/apparmor.d/cache? /etc/apparmor.d/disable/ /etc/apparmor.d/force-complain/ "
        "/etc/apparmor.d/local/README /etc/apparmor.d/local/lsb_release? "
        "/etc/apparmor.d/local/nvidia_modprobe? /etc/apparmor.d/lsb_release "
        "/etc/apparmor.d/nvidia_modprobe /etc/apparmor.d/tunables/ /etc/apparmor.d/tunables/* "
        "/etc/apparmor.d/tunables/home.d/ubuntu? "
        "/etc/apparmor.d/tunables/xdg-user-dirs.d/site.local? /etc/apparmor/ "
        "/etc/apparmor/features? /etc/apparmor/parser.conf /etc/apparmor/subdomain.conf? "
        "/etc/init.d/apparmor=0755 /etc/init/apparmor.conf? /lib/systemd/system/apparmor.service "
        "/sbin/apparmor_parser /usr/bin/aa-enabled /usr/bin/aa-exec /usr/bin/aa-features-abi "
        "/usr/sbin/aa-remove-unknown /usr/sbin/aa-status /usr/sbin/aa-teardown "
        "/usr/sbin/apparmor_status>aa-status"
    ),
    "apt-transport-https": "",
    "bash-completion": (
        "/etc/bash_completion /etc/profile.d/bash_completion.sh /usr/bin/dh_bash-completion"
    ),
    "ca-certificates": (
        "/etc/ca-certificates.conf.dpkg-new? /etc/ca-certificates.conf.dpkg-old? "
        "/etc/ca-certificates.conf? /etc/ca-certificates/ /etc/ca-certificates/update.d/ "
        "/usr/sbin/update-ca-certificates"
    ),
    "chrony": (
        "/etc/apparmor.d/usr.sbin.chronyd /etc/chrony/ /etc/chrony/chrony.keys? "
        "/etc/chrony/conf.d/ /etc/chrony/conf.d/README /etc/chrony/sources.d/ "
        "/etc/chrony/sources.d/README /etc/default/chrony /etc/dhcp/dhclient-exit-hooks.d/chrony "
        "/etc/init.d/chrony=0755 /etc/logrotate.d/chrony /etc/network/if-post-down.d/chrony=0755 "
        "/etc/network/if-up.d/chrony=0755 /etc/ppp/ip-down.d/chrony=0755 "
        "/etc/ppp/ip-up.d/chrony=0755 /lib/systemd/system/chrony-wait.service "
        "/lib/systemd/system/chrony.service /usr/bin/chronyc /usr/lib/systemd/ntp-units.d/ "
        "/usr/lib/systemd/ntp-units.d/50-chrony.list /usr/libexec/ /usr/libexec/chrony/ "
        "/usr/libexec/chrony/chrony-helper=0755 /usr/sbin/chronyd /var/lib/chrony/"
    ),
    "conntrack": "/usr/sbin/conntrack",
    "containerd": (
        "/etc/containerd/ /etc/containerd/config.toml /lib/systemd/system/containerd.service "
        "/usr/bin/containerd /usr/bin/containerd-shim /usr/bin/containerd-shim-runc-v1 "
        "/usr/bin/containerd-shim-runc-v2 /usr/bin/ctr"
    ),
    "containernetworking-plugins": (
        "/lib/systemd/system/cni-dhcp.service /lib/systemd/system/cni-dhcp.socket /usr/lib/cni/ "
        "/usr/lib/cni/*"
    ),
    "cron": (
        "/etc/default/cron /etc/init.d/cron=0755 /etc/pam.d/cron /lib/systemd/system/cron.service "
        "/usr/bin/crontab /usr/sbin/cron"
    ),
    "curl": "/usr/bin/curl",
    "dbus": (
        "/etc/default/dbus /etc/init.d/dbus=0755 /lib/systemd/system/dbus.service "
        "/lib/systemd/system/multi-user.target.wants/ "
        "/lib/systemd/system/multi-user.target.wants/dbus.service>../dbus.service /var/lib/dbus/"
    ),
    "docker.io": (
        "/etc/apparmor.d/docker.io? /etc/apparmor.d/local/docker.io? "
        "/etc/bash_completion.d/docker.io? /etc/default/docker /etc/default/docker.io? "
        "/etc/docker/ /etc/init.d/docker.io? /etc/init.d/docker=0755 "
        "/lib/systemd/system/docker.service /lib/systemd/system/docker.socket /usr/bin/dnet "
        "/usr/bin/docker /usr/bin/docker-init>tini-static /usr/sbin/docker-proxy "
        "/usr/sbin/dockerd /usr/sbin/ovrouter"
    ),
    "etcd-server": (
        "/etc/default/etcd /etc/init.d/etcd=0755 /lib/systemd/system/etcd.service /usr/bin/etcd"
    ),
    "ethtool": (
        "/etc/network/if-pre-up.d/ethtool=0755 /etc/network/if-up.d/ethtool=0755 /sbin/ethtool"
    ),
    "fail2ban": (
        "/etc/default/fail2ban /etc/fail2ban/ /etc/fail2ban/action.d/ /etc/fail2ban/action.d/* "
        "/etc/fail2ban/fail2ban.conf /etc/fail2ban/fail2ban.d/ /etc/fail2ban/filter.d/ "
        "/etc/fail2ban/filter.d/* /etc/fail2ban/jail.conf /etc/fail2ban/jail.d/ "
        "/etc/fail2ban/jail.d/defaults-debian.conf /etc/fail2ban/paths-arch.conf "
        "/etc/fail2ban/paths-common.conf /etc/fail2ban/paths-debian.conf "
        "/etc/fail2ban/paths-opensuse.conf /etc/init.d/fail2ban=0755 /etc/logrotate.d/fail2ban "
        "/etc/monit/ /etc/monit/conf-available/ /etc/monit/monitrc.d/ "
        "/etc/monit/monitrc.d/fail2ban /lib/systemd/system/fail2ban.service "
        "/usr/bin/fail2ban-client /usr/bin/fail2ban-python>python3 /usr/bin/fail2ban-regex "
        "/usr/bin/fail2ban-server /usr/bin/fail2ban-testcases /var/lib/fail2ban/"
    ),
    "firewalld": (
        "/etc/firewalld/=0750 /etc/firewalld/firewalld.conf /etc/firewalld/helpers/ "
        "/etc/firewalld/icmptypes/ /etc/firewalld/ipsets/ /etc/firewalld/lockdown-whitelist.xml "
        "/etc/firewalld/policies/ /etc/firewalld/services/ /etc/firewalld/zones/ "
        "/etc/init.d/firewalld? /etc/logrotate.d/firewalld /lib/systemd/system/firewalld.service "
        "/usr/bin/firewall-cmd /usr/bin/firewall-offline-cmd /usr/sbin/firewalld"
    ),
    "gnupg": "",
    "gpg": "/usr/bin/gpg",
    "haproxy": (
        "/etc/default/haproxy /etc/haproxy/ /etc/haproxy/errors/ /etc/haproxy/errors/400.http "
        "/etc/haproxy/errors/403.http /etc/haproxy/errors/408.http /etc/haproxy/errors/500.http "
        "/etc/haproxy/errors/502.http /etc/haproxy/errors/503.http /etc/haproxy/errors/504.http "
        "/etc/haproxy/haproxy.cfg /etc/init.d/haproxy=0755 /etc/logrotate.d/haproxy "
        "/etc/rsyslog.d/ /etc/rsyslog.d/49-haproxy.conf /etc/rsyslog.d/haproxy.conf? "
        "/lib/systemd/system/haproxy.service /usr/bin/halog /usr/sbin/halog /usr/sbin/haproxy "
        "/var/lib/haproxy/ /var/lib/haproxy/dev/"
    ),
    "iproute2": (
        "/bin/ip /bin/ss /etc/iproute2/ /etc/iproute2/bpf_pinning /etc/iproute2/ematch_map "
        "/etc/iproute2/group /etc/iproute2/nl_protos /etc/iproute2/rt_dsfield "
        "/etc/iproute2/rt_protos /etc/iproute2/rt_protos.d/ /etc/iproute2/rt_protos.d/README "
        "/etc/iproute2/rt_realms /etc/iproute2/rt_scopes /etc/iproute2/rt_tables "
        "/etc/iproute2/rt_tables.d/ /etc/iproute2/rt_tables.d/README /sbin/bridge /sbin/dcb "
        "/sbin/devlink /sbin/ip>/bin/ip /sbin/rtacct /sbin/rtmon /sbin/tc /sbin/tipc /sbin/vdpa "
        "/usr/bin/ctstat>lnstat /usr/bin/lnstat /usr/bin/nstat /usr/bin/rdma /usr/bin/routel "
        "/usr/bin/rtstat>lnstat /usr/sbin/arpd /usr/sbin/genl"
    ),
    "ipset": "/usr/sbin/ipset /usr/sbin/ipset-translate>ipset",
    "iptables": (
        "/usr/bin/iptables-xml>../sbin/xtables-legacy-multi "
        "/usr/sbin/arptables-nft-restore>xtables-nft-multi "
        "/usr/sbin/arptables-nft-save>xtables-nft-multi /usr/sbin/arptables-nft>xtables-nft-multi "
        "/usr/sbin/ebtables-nft-restore>xtables-nft-multi "
        "/usr/sbin/ebtables-nft-save>xtables-nft-multi /usr/sbin/ebtables-nft>xtables-nft-multi "
        "/usr/sbin/ebtables-translate>xtables-nft-multi /usr/sbin/ip6tables-apply>iptables-apply "
        "/usr/sbin/ip6tables-legacy-restore>xtables-legacy-multi "
        "/usr/sbin/ip6tables-legacy-save>xtables-legacy-multi "
        "/usr/sbin/ip6tables-legacy>xtables-legacy-multi "
        "/usr/sbin/ip6tables-nft-restore>xtables-nft-multi "
        "/usr/sbin/ip6tables-nft-save>xtables-nft-multi /usr/sbin/ip6tables-nft>xtables-nft-multi "
        "/usr/sbin/ip6tables-restore-translate>xtables-nft-multi "
        "/usr/sbin/ip6tables-translate>xtables-nft-multi /usr/sbin/iptables-apply "
        "/usr/sbin/iptables-legacy-restore>xtables-legacy-multi "
        "/usr/sbin/iptables-legacy-save>xtables-legacy-multi "
        "/usr/sbin/iptables-legacy>xtables-legacy-multi "
        "/usr/sbin/iptables-nft-restore>xtables-nft-multi "
        "/usr/sbin/iptables-nft-save>xtables-nft-multi /usr/sbin/iptables-nft>xtables-nft-multi "
        "/usr/sbin/iptables-restore-translate>xtables-nft-multi "
        "/usr/sbin/iptables-translate>xtables-nft-multi /usr/sbin/nfnl_osf "
        "/usr/sbin/xtables-legacy-multi /usr/sbin/xtables-monitor>xtables-nft-multi "
        "/usr/sbin/xtables-nft-multi"
    ),
    "iptables-persistent": (
        "/etc/iptables/ /lib/systemd/system/netfilter-persistent.service.d/ "
        "/lib/systemd/system/netfilter-persistent.service.d/iptables.conf"
    ),
    "ipvsadm": (
        "/etc/default/ipvsadm /etc/init.d/ipvsadm=0755 /etc/ipvsadm.rules /sbin/ipvsadm "
        "/sbin/ipvsadm-restore /sbin/ipvsadm-save"
    ),
    "jq": "/usr/bin/jq",
    "keepalived": (
        "/etc/dbus-1/ /etc/dbus-1/system.d/ /etc/dbus-1/system.d/org.keepalived.Vrrp1.conf "
        "/etc/default/keepalived /etc/init.d/keepalived=0755 /etc/keepalived/ "
        "/etc/keepalived/keepalived.conf.sample /lib/systemd/system/keepalived.service "
        "/usr/bin/genhash>../sbin/keepalived /usr/sbin/keepalived"
    ),
    "kmod": (
        "/bin/kmod /bin/lsmod>kmod /etc/init.d/kmod=0755 /etc/modprobe.d/ /sbin/depmod>/bin/kmod "
        "/sbin/insmod>/bin/kmod /sbin/lsmod>/bin/kmod /sbin/modinfo>/bin/kmod "
        "/sbin/modprobe>/bin/kmod /sbin/rmmod>/bin/kmod"
    ),
    "logrotate": (
        "/etc/cron.daily/logrotate=0755 /etc/logrotate.conf /etc/logrotate.d/btmp "
        "/etc/logrotate.d/wtmp /lib/systemd/system/logrotate.service "
        "/lib/systemd/system/logrotate.timer /usr/sbin/logrotate /var/lib/logrotate/"
    ),
    "lvm2": (
        "/etc/init.d/lvm2? /etc/lvm/ /etc/lvm/lvm.conf /etc/lvm/lvmlocal.conf /etc/lvm/profile/ "
        "/etc/lvm/profile/cache-mq.profile /etc/lvm/profile/cache-smq.profile "
        "/etc/lvm/profile/command_profile_template.profile /etc/lvm/profile/lvmdbusd.profile "
        "/etc/lvm/profile/metadata_profile_template.profile /etc/lvm/profile/thin-generic.profile "
        "/etc/lvm/profile/thin-performance.profile /etc/lvm/profile/vdo-small.profile "
        "/lib/systemd/system/blk-availability.service /lib/systemd/system/lvm2-lvmpolld.service "
        "/lib/systemd/system/lvm2-lvmpolld.socket /lib/systemd/system/lvm2-monitor.service "
        "/sbin/fsadm /sbin/lvchange>lvm /sbin/lvconvert>lvm /sbin/lvcreate>lvm "
        "/sbin/lvdisplay>lvm /sbin/lvextend>lvm /sbin/lvm /sbin/lvmconfig>lvm "
        "/sbin/lvmdiskscan>lvm /sbin/lvmdump /sbin/lvmpolld /sbin/lvmsadc>lvm /sbin/lvmsar>lvm "
        "/sbin/lvreduce>lvm /sbin/lvremove>lvm /sbin/lvrename>lvm /sbin/lvresize>lvm "
        "/sbin/lvs>lvm /sbin/lvscan>lvm /sbin/pvchange>lvm /sbin/pvck>lvm /sbin/pvcreate>lvm "
        "/sbin/pvdisplay>lvm /sbin/pvmove>lvm /sbin/pvremove>lvm /sbin/pvresize>lvm /sbin/pvs>lvm "
        "/sbin/pvscan>lvm /sbin/vgcfgbackup>lvm /sbin/vgcfgrestore>lvm /sbin/vgchange>lvm "
        "/sbin/vgck>lvm /sbin/vgconvert>lvm /sbin/vgcreate>lvm /sbin/vgdisplay>lvm "
        "/sbin/vgexport>lvm /sbin/vgextend>lvm /sbin/vgimport>lvm /sbin/vgimportclone>lvm "
        "/sbin/vgmerge>lvm /sbin/vgmknodes>lvm /sbin/vgreduce>lvm /sbin/vgremove>lvm "
        "/sbin/vgrename>lvm /sbin/vgs>lvm /sbin/vgscan>lvm /sbin/vgsplit>lvm"
    ),
    "multipath-tools": (
        "/etc/init.d/multipath-tools=0755 "
        "/lib/systemd/system/multipath-tools-boot.service>/dev/null "
        "/lib/systemd/system/multipath-tools.service>multipathd.service "
        "/lib/systemd/system/multipathd.service /lib/systemd/system/multipathd.socket "
        "/sbin/mpathpersist /sbin/multipath /sbin/multipathc /sbin/multipathd"
    ),
    "nfs-common": (
        "/etc/default/nfs-common /etc/init.d/nfs-common=0755 /etc/nfs.conf.d/ "
        "/etc/nfs.conf.d/local.conf? /etc/nfs.conf? /etc/request-key.d/ "
        "/etc/request-key.d/id_resolver.conf /lib/systemd/system-generators/ "
        "/lib/systemd/system-generators/rpc-pipefs-generator=0755 "
        "/lib/systemd/system/auth-rpcgss-module.service /lib/systemd/system/nfs-client.target "
        "/lib/systemd/system/nfs-common.service>/dev/null /lib/systemd/system/nfs-idmapd.service "
        "/lib/systemd/system/nfs-utils.service /lib/systemd/system/proc-fs-nfsd.mount "
        "/lib/systemd/system/rpc-gssd.service /lib/systemd/system/rpc-statd-notify.service "
        "/lib/systemd/system/rpc-statd.service /lib/systemd/system/rpc-svcgssd.service "
        "/lib/systemd/system/rpc_pipefs.target /lib/systemd/system/var-lib-nfs-rpc_pipefs.mount "
        "/sbin/mount.nfs4>mount.nfs /sbin/mount.nfs=4755 /sbin/rpc.statd /sbin/showmount "
        "/sbin/sm-notify /sbin/umount.nfs4>mount.nfs /sbin/umount.nfs>mount.nfs /usr/libexec/ "
        "/usr/libexec/nfsrahead=0755 /usr/sbin/blkmapd /usr/sbin/mountstats /usr/sbin/nfsconf "
        "/usr/sbin/nfsidmap /usr/sbin/nfsiostat /usr/sbin/nfsstat /usr/sbin/rpc.gssd "
        "/usr/sbin/rpc.idmapd /usr/sbin/rpc.svcgssd /usr/sbin/rpcctl /usr/sbin/rpcdebug "
        "/usr/sbin/start-statd /var/lib/nfs/ /var/lib/nfs/sm.bak/ /var/lib/nfs/sm/ "
        "/var/lib/nfs/state"
    ),
    "nfs-kernel-server": (
        "/etc/default/nfs-kernel-server? /etc/init.d/nfs-kernel-server=0755 "
        "/lib/systemd/system-generators/ /lib/systemd/system-generators/nfs-server-generator=0755 "
        "/lib/systemd/system/nfs-blkmap.service "
        "/lib/systemd/system/nfs-kernel-server.service>nfs-server.service "
        "/lib/systemd/system/nfs-mountd.service /lib/systemd/system/nfs-server.service "
        "/lib/systemd/system/nfsdcld.service /sbin/nfsdcltrack /usr/sbin/exportfs "
        "/usr/sbin/nfsdcld /usr/sbin/nfsdclddb /usr/sbin/nfsdclnts /usr/sbin/rpc.mountd "
        "/usr/sbin/rpc.nfsd /var/lib/nfs/ /var/lib/nfs/etab /var/lib/nfs/rmtab "
        "/var/lib/nfs/v4recovery/"
    ),
    "nftables": "/etc/nftables.conf=0755 /lib/systemd/system/nftables.service /usr/sbin/nft",
    "nginx": "/usr/sbin/nginx",
    "nginx-common": (
        "/etc/default/nginx /etc/init.d/nginx=0755 /etc/logrotate.d/nginx /etc/nginx/ "
        "/etc/nginx/conf.d/ /etc/nginx/fastcgi.conf /etc/nginx/fastcgi_params /etc/nginx/koi-utf "
        "/etc/nginx/koi-win /etc/nginx/mime.types /etc/nginx/modules-available/ "
        "/etc/nginx/modules-enabled/ /etc/nginx/nginx.conf /etc/nginx/proxy_params "
        "/etc/nginx/scgi_params /etc/nginx/sites-available/ /etc/nginx/sites-available/default "
        "/etc/nginx/sites-enabled/ /etc/nginx/sites-enabled/default? /etc/nginx/snippets/ "
        "/etc/nginx/snippets/fastcgi-php.conf /etc/nginx/snippets/snakeoil.conf "
        "/etc/nginx/uwsgi_params /etc/nginx/win-utf /etc/ufw/ /etc/ufw/applications.d/ "
        "/etc/ufw/applications.d/nginx /lib/systemd/system/nginx.service /var/lib/nginx/"
    ),
    "ntpsec": (
        "/etc/NetworkManager/ /etc/NetworkManager/dispatcher.d/ "
        "/etc/NetworkManager/dispatcher.d/ntpsec=0755 /etc/apparmor.d/force-complain/ "
        "/etc/apparmor.d/tunables/ /etc/apparmor.d/tunables/ntpd /etc/apparmor.d/usr.sbin.ntpd "
        "/etc/apparmor/ /etc/apparmor/init/ /etc/apparmor/init/network-interface-security/ "
        "/etc/apparmor/init/network-interface-security/usr.sbin.ntpd>../../../apparmor.d/usr.sbin.ntpd "
        "/etc/cron.d/ntpsec /etc/cron.d/ntpsec.? /etc/default/ntpsec "
        "/etc/dhcp/dhclient-exit-hooks.d/ntpsec /etc/init.d/ntpsec=0755 /etc/letsencrypt/ "
        "/etc/letsencrypt/renewal-hooks/ /etc/letsencrypt/renewal-hooks/deploy/ "
        "/etc/letsencrypt/renewal-hooks/deploy/ntpsec=0755 /etc/ntpsec/ /etc/ntpsec/ntp.conf "
        "/etc/ntpsec/ntp.d? /etc/ntpsec/ntp.keys? /etc/systemd/system/ntpsec.timer? "
        "/lib/systemd/system/ntpsec-rotate-stats.service "
        "/lib/systemd/system/ntpsec-rotate-stats.timer "
        "/lib/systemd/system/ntpsec-systemd-netif.path "
        "/lib/systemd/system/ntpsec-systemd-netif.service /lib/systemd/system/ntpsec-wait.service "
        "/lib/systemd/system/ntpsec.service /usr/bin/ntpmon /usr/bin/ntpq /usr/bin/ntptrace "
        "/usr/libexec/ /usr/libexec/ntpsec/ /usr/libexec/ntpsec/ntp-systemd-wrapper=0755 "
        "/usr/libexec/ntpsec/rotate-stats=0755 /usr/sbin/ntpd /usr/sbin/ntpkeygen "
        "/usr/sbin/ntpleapfetch /usr/sbin/ntptime /usr/sbin/ntpwait /var/lib/ntpsec/ntp.drift? "
        "/var/lib/ntpsec?"
    ),
    "open-iscsi": (
        "/etc/default/open-iscsi /etc/init.d/iscsid=0755 /etc/init.d/open-iscsi=0755 /etc/iscsi/ "
        "/etc/iscsi/iscsid.conf /lib/systemd/system/iscsid.service "
        "/lib/systemd/system/iscsid.socket /lib/systemd/system/open-iscsi.service "
        "/sbin/iscsi-iname /sbin/iscsi_discovery /sbin/iscsiadm /sbin/iscsid /sbin/iscsistart "
        "/usr/bin/iscsiadm>/sbin/iscsiadm"
    ),
    "openssh-client": (
        "/etc/ssh/ /etc/ssh/ssh_config /etc/ssh/ssh_config.d/ /usr/bin/scp /usr/bin/sftp "
        "/usr/bin/slogin>ssh /usr/bin/ssh /usr/bin/ssh-add /usr/bin/ssh-agent /usr/bin/ssh-argv0 "
        "/usr/bin/ssh-copy-id /usr/bin/ssh-keygen /usr/bin/ssh-keyscan /usr/lib/systemd/user/ "
        "/usr/lib/systemd/user/graphical-session-pre.target.wants/ "
        "/usr/lib/systemd/user/graphical-session-pre.target.wants/ssh-agent.service>../ssh-agent.service "
        "/usr/lib/systemd/user/ssh-agent.service"
    ),
    "openssh-server": (
        "/etc/default/ssh /etc/init.d/ssh=0755 /etc/network/if-up.d/openssh-server? "
        "/etc/pam.d/sshd /etc/runit/ /etc/runit/runsvdir/ /etc/runit/runsvdir/default/ /etc/ssh/ "
        "/etc/ssh/moduli /etc/ssh/sshd_config.d/ /etc/sv/ /etc/sv/ssh/ /etc/sv/ssh/.meta/ "
        "/etc/sv/ssh/.meta/installed /etc/sv/ssh/finish=0755 /etc/sv/ssh/log/ "
        "/etc/sv/ssh/log/run=0755 /etc/sv/ssh/run=0755 /etc/ufw/ /etc/ufw/applications.d/ "
        "/etc/ufw/applications.d/openssh-server /lib/systemd/system/rescue-ssh.target "
        "/lib/systemd/system/ssh.service /lib/systemd/system/ssh.socket /usr/sbin/sshd"
    ),
    "procps": (
        "/bin/kill /bin/ps /etc/init.d/procps.sh? /etc/init.d/procps=0755 /etc/sysctl.conf "
        "/etc/sysctl.d/README.sysctl /sbin/sysctl /usr/bin/free /usr/bin/pgrep /usr/bin/pidwait "
        "/usr/bin/pkill>pgrep /usr/bin/pmap /usr/bin/pwdx /usr/bin/skill /usr/bin/slabtop "
        "/usr/bin/snice>skill /usr/bin/tload /usr/bin/top /usr/bin/uptime /usr/bin/vmstat "
        "/usr/bin/w /usr/bin/watch"
    ),
    "python3": (
        "/etc/python3/debian_config? /etc/python3? /usr/bin/pdb3>pdb3.11 "
        "/usr/bin/pydoc3>pydoc3.11 /usr/bin/pygettext3>pygettext3.11"
    ),
    "python3-apt": "",
    "rpcbind": (
        "/etc/default/rpcbind /etc/init.d/rpcbind=0755 /etc/init/rpcbind.conf? "
        "/etc/insserv.conf.d/ /etc/insserv.conf.d/rpcbind "
        "/lib/systemd/system/portmap.service>rpcbind.service /lib/systemd/system/rpcbind.service "
        "/lib/systemd/system/rpcbind.socket /sbin/rpcbind /usr/bin/rpcinfo "
        "/usr/sbin/rpcinfo>../bin/rpcinfo"
    ),
    "rsync": (
        "/etc/default/rsync /etc/init.d/rsync=0755 /lib/systemd/system/rsync.service "
        "/usr/bin/rrsync /usr/bin/rsync /usr/bin/rsync-ssl"
    ),
    "rsyslog": (
        "/etc/default/rsyslog? /etc/init.d/rsyslog? /etc/logcheck/ /etc/logcheck/ignore.d.server/ "
        "/etc/logcheck/ignore.d.server/rsyslog /etc/logrotate.d/rsyslog /etc/rsyslog.conf "
        "/etc/rsyslog.d/ /lib/systemd/system/rsyslog.service /usr/sbin/rsyslogd"
    ),
    "runc": "/usr/bin/runc>../sbin/runc /usr/sbin/runc",
    "socat": "/usr/bin/filan /usr/bin/procan /usr/bin/socat",
    "sudo": (
        "/etc/alternatives/sudo? /etc/init.d/sudo=0755 /etc/pam.d/sudo /etc/pam.d/sudo-i "
        "/etc/sudo.conf /etc/sudo_logsrvd.conf /etc/sudoers /etc/sudoers.d/ "
        "/etc/sudoers.d/README=0440 /lib/systemd/system/sudo.service>/dev/null "
        "/usr/bin/cvtsudoers /usr/bin/sudo=4755 /usr/bin/sudoedit>sudo /usr/bin/sudoreplay "
        "/usr/libexec/ /usr/libexec/sudo/ /usr/libexec/sudo/audit_json.so "
        "/usr/libexec/sudo/group_file.so /usr/libexec/sudo/libsudo_util.so.0.0.0 "
        "/usr/libexec/sudo/libsudo_util.so.0>libsudo_util.so.0.0.0 "
        "/usr/libexec/sudo/libsudo_util.so>libsudo_util.so.0.0.0 /usr/libexec/sudo/sesh=0755 "
        "/usr/libexec/sudo/sudo_intercept.so /usr/libexec/sudo/sudo_noexec.so "
        "/usr/libexec/sudo/sudoers.so /usr/libexec/sudo/system_group.so /usr/sbin/sudo_logsrvd "
        "/usr/sbin/sudo_sendlog /usr/sbin/visudo /var/lib/sudo/ /var/lib/sudo/lectured/"
    ),
    "systemd-resolved": (
        "/etc/systemd/resolved.conf /lib/systemd/system/systemd-resolved.service "
        "/lib/systemd/systemd-resolved=0755 /sbin/resolvconf>/usr/bin/resolvectl "
        "/usr/bin/resolvectl /usr/lib/sysusers.d/ /usr/lib/sysusers.d/systemd-resolve.conf"
    ),
    "systemd-timesyncd": (
        "/etc/dhcp/dhclient-exit-hooks.d/timesyncd /etc/systemd/timesyncd.conf "
        "/lib/systemd/ntp-units.d/ /lib/systemd/ntp-units.d/80-systemd-timesync.list "
        "/lib/systemd/system/systemd-timesyncd.service /lib/systemd/systemd-timesyncd=0755 "
        "/usr/lib/sysusers.d/ /usr/lib/sysusers.d/systemd-timesync.conf"
    ),
    "tar": "/bin/tar /etc/rmt>/usr/sbin/rmt /usr/sbin/rmt-tar /usr/sbin/tarcat",
    "ufw": (
        "/etc/bash_completion.d/ufw? /etc/default/ufw /etc/init.d/ufw=0755 /etc/init/ufw.conf? "
        "/etc/logrotate.d/ufw /etc/rsyslog.d/ /etc/rsyslog.d/20-ufw.conf /etc/ufw/ "
        "/etc/ufw/applications.d/ /etc/ufw/applications.d/ufw-bittorent "
        "/etc/ufw/applications.d/ufw-chat /etc/ufw/applications.d/ufw-directoryserver "
        "/etc/ufw/applications.d/ufw-dnsserver /etc/ufw/applications.d/ufw-fileserver "
        "/etc/ufw/applications.d/ufw-loginserver /etc/ufw/applications.d/ufw-mailserver "
        "/etc/ufw/applications.d/ufw-printserver /etc/ufw/applications.d/ufw-proxyserver "
        "/etc/ufw/applications.d/ufw-webserver /etc/ufw/sysctl.conf /etc/ufw/ufw.conf? "
        "/lib/systemd/system/ufw.service /usr/sbin/ufw"
    ),
    "unattended-upgrades": (
        "/etc/init.d/unattended-upgrades=0755 /etc/kernel/postinst.d/unattended-upgrades=0755 "
        "/etc/logrotate.d/unattended-upgrades /etc/pm/ /etc/pm/sleep.d/ "
        "/etc/pm/sleep.d/10_unattended-upgrades-hibernate=0755 /etc/update-motd.d/ "
        "/etc/update-motd.d/92-unattended-upgrades=0755 /lib/systemd/system-sleep/ "
        "/lib/systemd/system-sleep/unattended-upgrades=0755 "
        "/lib/systemd/system/unattended-upgrades.service /usr/bin/unattended-upgrade "
        "/usr/bin/unattended-upgrades>unattended-upgrade /usr/lib/systemd/logind.conf.d/ "
        "/usr/lib/systemd/logind.conf.d/unattended-upgrades-logind-maxdelay.conf "
        "/var/lib/unattended-upgrades/"
    ),
    "unzip": ("/usr/bin/funzip /usr/bin/unzip /usr/bin/unzipsfx /usr/bin/zipgrep /usr/bin/zipinfo"),
    "wget": "/etc/wgetrc /usr/bin/wget",
    "xz-utils": (
        "/usr/bin/lzmainfo /usr/bin/unxz>xz /usr/bin/xz /usr/bin/xzcat>xz /usr/bin/xzcmp>xzdiff "
        "/usr/bin/xzdiff /usr/bin/xzegrep>xzgrep /usr/bin/xzfgrep>xzgrep /usr/bin/xzgrep "
        "/usr/bin/xzless /usr/bin/xzmore"
    ),
    "zstd": (
        "/usr/bin/pzstd /usr/bin/unzstd>zstd /usr/bin/zstd /usr/bin/zstdcat>zstd "
        "/usr/bin/zstdgrep /usr/bin/zstdless /usr/bin/zstdmt>zstd"
    ),
}
