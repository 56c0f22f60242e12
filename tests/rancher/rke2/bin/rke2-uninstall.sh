#!/bin/sh
# Double of RKE2: leaves nothing of a tarball's installation.
set -u
[ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): must be run as root" >&2; exit 1; }
data=${RKE2_DATA_DIR:-/var/lib/rancher/rke2}
root=${INSTALL_RKE2_ROOT:-/usr/local}

"$(dirname "$0")/rke2-killall.sh"
systemctl disable rke2-server rke2-agent 2>/dev/null
rm -f "$root"/lib/systemd/system/rke2-*.service "$root"/lib/systemd/system/rke2-*.env
rm -f /etc/systemd/system/rke2-*.service
systemctl daemon-reload
rm -f "$root/bin/rke2" "$root/bin/rke2-killall.sh"
rm -rf "$root/share/rke2" /etc/rancher/rke2 /etc/rancher/node /etc/cni /opt/cni/bin /var/lib/cni
rm -rf /var/log/pods /var/log/containers "$data"
rm -rf --one-file-system /var/lib/kubelet
rmdir /etc/rancher /var/lib/rancher 2>/dev/null
rm -f "$root/bin/rke2-uninstall.sh"
exit 0
