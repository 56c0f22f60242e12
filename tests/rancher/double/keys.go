package main

// kind is what a key of the configuration takes.
type kind int

const (
	text kind = iota
	flag
	list
)

// key is an option as documented for `server` and `agent`, in config.yaml or as --name.
type key struct {
	kind     kind
	server   bool // only servers know it
	fallback string
	k3sOnly  bool
	rke2Only bool
}

// keys are the documented options; what is not here is refused. Most have no effect in the double
// beyond being known: README.md says which have.
var keys = map[string]key{
	// both sides
	"config":                             {kind: text},
	"debug":                              {kind: flag},
	"v":                                  {kind: text},
	"vmodule":                            {kind: text},
	"log":                                {kind: text},
	"alsologtostderr":                    {kind: flag},
	"token":                              {kind: text},
	"token-file":                         {kind: text},
	"server":                             {kind: text},
	"data-dir":                           {kind: text},
	"node-name":                          {kind: text},
	"with-node-id":                       {kind: flag},
	"node-label":                         {kind: list},
	"node-taint":                         {kind: list},
	"node-ip":                            {kind: list},
	"node-external-ip":                   {kind: list},
	"node-internal-dns":                  {kind: list},
	"node-external-dns":                  {kind: list},
	"resolv-conf":                        {kind: text},
	"flannel-iface":                      {kind: text, k3sOnly: true},
	"flannel-conf":                       {kind: text, k3sOnly: true},
	"flannel-cni-conf":                   {kind: text, k3sOnly: true},
	"kubelet-arg":                        {kind: list},
	"kube-proxy-arg":                     {kind: list},
	"protect-kernel-defaults":            {kind: flag},
	"selinux":                            {kind: flag},
	"lb-server-port":                     {kind: text, fallback: "6444"},
	"private-registry":                   {kind: text},
	"system-default-registry":            {kind: text},
	"pause-image":                        {kind: text},
	"snapshotter":                        {kind: text, fallback: "overlayfs"},
	"container-runtime-endpoint":         {kind: text},
	"image-service-endpoint":             {kind: text},
	"default-runtime":                    {kind: text},
	"nonroot-devices":                    {kind: flag},
	"disable-default-registry-endpoint":  {kind: flag},
	"enable-pprof":                       {kind: flag},
	"rootless":                           {kind: flag, k3sOnly: true},
	"docker":                             {kind: flag, k3sOnly: true},
	"prefer-bundled-bin":                 {kind: flag, k3sOnly: true},
	"vpn-auth":                           {kind: text, k3sOnly: true},
	"vpn-auth-file":                      {kind: text, k3sOnly: true},
	"bind-address":                       {kind: text},
	"profile":                            {kind: text, rke2Only: true},
	"audit-policy-file":                  {kind: text, rke2Only: true},
	"pod-security-admission-config-file": {kind: text, rke2Only: true},
	"cloud-provider-name":                {kind: text, rke2Only: true},
	"cloud-provider-config":              {kind: text, rke2Only: true},
	"kubelet-path":                       {kind: text, rke2Only: true},
	"control-plane-resource-requests":    {kind: list, rke2Only: true},
	"control-plane-resource-limits":      {kind: list, rke2Only: true},

	// servers
	"https-listen-port":                 {kind: text, server: true, k3sOnly: true},
	"advertise-address":                 {kind: text, server: true},
	"advertise-port":                    {kind: text, server: true, k3sOnly: true},
	"tls-san":                           {kind: list, server: true},
	"tls-san-security":                  {kind: text, server: true, fallback: "true"},
	"cluster-cidr":                      {kind: list, server: true, fallback: "10.42.0.0/16"},
	"service-cidr":                      {kind: list, server: true, fallback: "10.43.0.0/16"},
	"service-node-port-range":           {kind: text, server: true, fallback: "30000-32767"},
	"cluster-dns":                       {kind: list, server: true},
	"cluster-domain":                    {kind: text, server: true, fallback: "cluster.local"},
	"flannel-backend":                   {kind: text, server: true, k3sOnly: true, fallback: "vxlan"},
	"flannel-external-ip":               {kind: flag, server: true, k3sOnly: true},
	"flannel-ipv6-masq":                 {kind: flag, server: true, k3sOnly: true},
	"egress-selector-mode":              {kind: text, server: true, fallback: "agent"},
	"servicelb-namespace":               {kind: text, server: true},
	"write-kubeconfig":                  {kind: text, server: true},
	"write-kubeconfig-mode":             {kind: text, server: true},
	"write-kubeconfig-group":            {kind: text, server: true},
	"helm-job-image":                    {kind: text, server: true},
	"agent-token":                       {kind: text, server: true},
	"agent-token-file":                  {kind: text, server: true},
	"cluster-init":                      {kind: flag, server: true},
	"cluster-reset":                     {kind: flag, server: true},
	"cluster-reset-restore-path":        {kind: text, server: true},
	"kube-apiserver-arg":                {kind: list, server: true},
	"etcd-arg":                          {kind: list, server: true},
	"kube-controller-manager-arg":       {kind: list, server: true},
	"kube-scheduler-arg":                {kind: list, server: true},
	"kube-cloud-controller-manager-arg": {kind: list, server: true, k3sOnly: true},
	"datastore-endpoint":                {kind: text, server: true},
	"datastore-cafile":                  {kind: text, server: true},
	"datastore-certfile":                {kind: text, server: true},
	"datastore-keyfile":                 {kind: text, server: true},
	"kine-tls":                          {kind: flag, server: true},
	"etcd-expose-metrics":               {kind: flag, server: true},
	"etcd-disable-snapshots":            {kind: flag, server: true},
	"etcd-snapshot-name":                {kind: text, server: true, fallback: "etcd-snapshot"},
	"etcd-snapshot-schedule-cron":       {kind: text, server: true, fallback: "0 */12 * * *"},
	"etcd-snapshot-retention":           {kind: text, server: true, fallback: "5"},
	"etcd-snapshot-dir":                 {kind: text, server: true},
	"etcd-snapshot-compress":            {kind: flag, server: true},
	"etcd-s3":                           {kind: flag, server: true},
	"etcd-s3-endpoint":                  {kind: text, server: true},
	"etcd-s3-endpoint-ca":               {kind: text, server: true},
	"etcd-s3-skip-ssl-verify":           {kind: flag, server: true},
	"etcd-s3-access-key":                {kind: text, server: true},
	"etcd-s3-secret-key":                {kind: text, server: true},
	"etcd-s3-session-token":             {kind: text, server: true},
	"etcd-s3-bucket":                    {kind: text, server: true},
	"etcd-s3-bucket-lookup-type":        {kind: text, server: true},
	"etcd-s3-region":                    {kind: text, server: true},
	"etcd-s3-folder":                    {kind: text, server: true},
	"etcd-s3-proxy":                     {kind: text, server: true},
	"etcd-s3-config-secret":             {kind: text, server: true},
	"etcd-s3-insecure":                  {kind: flag, server: true},
	"etcd-s3-timeout":                   {kind: text, server: true},
	"etcd-s3-retention":                 {kind: text, server: true},
	"default-local-storage-path":        {kind: text, server: true, k3sOnly: true},
	"disable":                           {kind: list, server: true},
	"disable-scheduler":                 {kind: flag, server: true},
	"disable-cloud-controller":          {kind: flag, server: true},
	"disable-kube-proxy":                {kind: flag, server: true},
	"disable-network-policy":            {kind: flag, server: true, k3sOnly: true},
	"disable-helm-controller":           {kind: flag, server: true, k3sOnly: true},
	"disable-agent":                     {kind: flag, server: true},
	"disable-apiserver":                 {kind: flag, server: true},
	"disable-controller-manager":        {kind: flag, server: true},
	"disable-etcd":                      {kind: flag, server: true},
	"embedded-registry":                 {kind: flag, server: true},
	"supervisor-metrics":                {kind: flag, server: true},
	"secrets-encryption":                {kind: flag, server: true, k3sOnly: true},
	"secrets-encryption-provider":       {kind: text, server: true, fallback: "aescbc"},
	"cni":                               {kind: list, server: true, rke2Only: true, fallback: "canal"},
	"ingress-controller":                {kind: list, server: true, rke2Only: true},
	"enable-servicelb":                  {kind: flag, server: true, rke2Only: true},
	"enable-network-policy":             {kind: flag, server: true, rke2Only: true},
}

// shorthands are the documented one-letter flags.
var shorthands = map[string]string{
	"t": "token", "s": "server", "c": "config", "d": "data-dir",
	"o": "write-kubeconfig", "i": "node-ip", "l": "log",
}

// environment names the variable (without its prefix) that stands for a key.
var environment = map[string]string{
	"token": "TOKEN", "token-file": "TOKEN_FILE", "server": "URL", "config": "CONFIG_FILE",
	"data-dir": "DATA_DIR", "agent-token": "AGENT_TOKEN", "agent-token-file": "AGENT_TOKEN_FILE",
	"node-name": "NODE_NAME", "resolv-conf": "RESOLV_CONF", "selinux": "SELINUX",
	"cluster-init": "CLUSTER_INIT", "cluster-reset": "CLUSTER_RESET",
	"datastore-endpoint": "DATASTORE_ENDPOINT", "datastore-cafile": "DATASTORE_CAFILE",
	"datastore-certfile": "DATASTORE_CERTFILE", "datastore-keyfile": "DATASTORE_KEYFILE",
	"write-kubeconfig": "KUBECONFIG_OUTPUT", "write-kubeconfig-mode": "KUBECONFIG_MODE",
}

// RKE2 runs its components as static pods, each with its options.
func init() {
	for _, name := range []string{
		"etcd", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler",
		"cloud-controller-manager",
	} {
		for _, suffix := range []string{"-extra-mount", "-extra-env"} {
			keys[name+suffix] = key{kind: list, rke2Only: true}
		}
		keys[name+"-image"] = key{kind: text, rke2Only: true}
	}
	keys["runtime-image"] = key{kind: text, rke2Only: true}
	for _, name := range []string{
		"image-credential-provider-bin-dir", "image-credential-provider-config",
	} {
		keys[name] = key{kind: text}
	}
}

func (k key) known(d Distro, role string) bool {
	if k.server && role != "server" {
		return false
	}
	return !(k.k3sOnly && d.Name != "k3s") && !(k.rke2Only && d.Name != "rke2")
}
