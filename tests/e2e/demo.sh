#!/usr/bin/env bash
# The README's demo: `demo.sh up` builds a cluster on three bare hosts, `demo.sh down` removes it.
set -euo pipefail
cd "$(dirname "$0")/../.."

lab=inventories/lab/1+2.yml
playbook=playbooks/kubeadm.yml
kplay=.venv/bin/kplay
# What the demo writes beside the lab: the runs' journals, and the cluster's kubeconfig.
traces=.kplay/demo
export KUBECONFIG=$PWD/$traces/kubeconfig

say() { printf '\n==> [%d s] %s\n' "$SECONDS" "$*"; }
kubectl() { "$kplay" lab ssh "$lab" cp1 -- sudo kubectl --kubeconfig=/etc/kubernetes/admin.conf "$@"; }

up() {
  say "three bare Debian hosts"
  "$kplay" lab up "$lab"
  inventory=$("$kplay" lab inventory "$lab")

  say "the bundle: everything the hosts will install, with its digests"
  "$kplay" bundle build

  say "the plan: what will change, host by host; nothing is touched"
  "$kplay" plan -i "$inventory" "$playbook"

  say "apply it"
  "$kplay" apply --yes --runs-directory "$traces/runs" -i "$inventory" "$playbook"

  say "the nodes"
  kubectl get nodes -o wide
  ready=$(kubectl get nodes --no-headers | awk '$2 == "Ready"' | wc -l)
  [ "$ready" -eq 3 ] || { echo "expected 3 Ready nodes, found $ready" >&2; exit 1; }

  say "DNS and a Service from every node"
  "$kplay" run --runs-directory "$traces/runs" -i "$inventory" "$playbook" --tags verify

  say "apply again: no changes"
  "$kplay" plan --detailed-exitcode -i "$inventory" "$playbook"
  "$kplay" apply --yes --runs-directory "$traces/runs" -i "$inventory" "$playbook"

  say "done; look around with: $kplay lab ssh $lab cp1; remove it with: make demo-down"
}

down() {
  say "removing the lab"
  "$kplay" lab down "$lab"
  rm -rf "$traces"
}

case ${1:-} in
  up | down) "$1" ;;
  *) echo "usage: $0 up|down" >&2; exit 5 ;;
esac
