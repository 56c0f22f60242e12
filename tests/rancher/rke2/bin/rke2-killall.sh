#!/bin/sh
# Double of RKE2: ends everything that it runs.
set -u
[ "$(id -u)" -eq 0 ] || { echo "$(basename "$0"): must be run as root" >&2; exit 1; }
data=${RKE2_DATA_DIR:-/var/lib/rancher/rke2}

systemctl stop rke2-server.service rke2-agent.service 2>/dev/null

tree() {
    echo "$1"
    for child in $(ps -o pid= --ppid "$1"); do tree "$child"; done
}
for shim in $(pgrep -f "^$data/data/[^/]*/bin/containerd-shim"); do
    kill -9 $(tree "$shim") 2>/dev/null
done

awk '{ print $2 }' /proc/self/mounts | grep -E '^(/run/k3s|/var/lib/kubelet/pods|/run/netns/cni-)' |
    sort -r | while read -r mount; do
    umount "$mount" && rm -rf --one-file-system "$mount"
done
for link in cni0 flannel.1; do ip link delete "$link" 2>/dev/null; done
ip -o link show type veth | sed -n 's/^[0-9]*: \(veth[^:@]*\).*/\1/p' |
    while read -r link; do ip link delete "$link" 2>/dev/null; done
for family in iptables ip6tables; do
    "$family-save" | grep -v -e KUBE- -e CNI- -e flannel -e FLANNEL | "$family-restore"
done
exit 0
