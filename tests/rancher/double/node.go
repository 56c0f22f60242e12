package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// flannelSubnet is what flannel writes for its CNI plugin; that one looks nowhere else.
const flannelSubnet = "/run/flannel/subnet.env"

// startKubelet writes the kubelet's configuration and starts it. Settings that users may replace by
// kubelet-arg are flags or stand in the first file of kubelet.conf.d.
func startKubelet(c *Config, s *Supervisor, bin string, cluster NodeConfig, ip string) error {
	directory := c.Dir("agent", "etc", "kubelet.conf.d")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir("agent", "pod-manifests"), 0o755); err != nil {
		return err
	}
	resolv, err := resolvConf(c)
	if err != nil {
		return err
	}
	settings := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1",
		"kind":       "KubeletConfiguration",
		"address":    "0.0.0.0",
		"authentication": map[string]any{
			"anonymous": map[string]any{"enabled": false},
			"webhook":   map[string]any{"enabled": true},
			"x509":      map[string]any{"clientCAFile": c.Dir("agent", "client-ca.crt")},
		},
		"authorization":            map[string]any{"mode": "Webhook"},
		"cgroupDriver":             cgroupDriver(),
		"clusterDNS":               []string{cluster.ClusterDNS},
		"clusterDomain":            cluster.ClusterDomain,
		"containerRuntimeEndpoint": "unix://" + containerdSocket,
		"evictionHard":             map[string]any{"imagefs.available": "5%", "nodefs.available": "5%"},
		"failSwapOn":               false,
		"healthzBindAddress":       "127.0.0.1",
		"protectKernelDefaults":    c.Bool("protect-kernel-defaults"),
		"resolvConf":               resolv,
		"serializeImagePulls":      false,
		"staticPodPath":            c.Dir("agent", "pod-manifests"),
		"tlsCertFile":              c.Dir("agent", "serving-kubelet.crt"),
		"tlsPrivateKeyFile":        c.Dir("agent", "serving-kubelet.key"),
	}
	raw, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(directory, "00-"+c.Distro.Name+"-defaults.conf")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return err
	}
	flags := map[string]string{
		"config-dir":        directory,
		"hostname-override": c.NodeName(),
		"kubeconfig":        c.Dir("agent", "kubelet.kubeconfig"),
		"node-ip":           strings.Join(append([]string{ip}, later(c.List("node-ip"))...), ","),
		"node-labels": strings.Join(append(c.List("node-label"),
			"node.kubernetes.io/instance-type="+c.Distro.Name), ","),
	}
	if taints := c.List("node-taint"); len(taints) > 0 {
		flags["register-with-taints"] = strings.Join(taints, ",")
	}
	s.Start(Process{
		Name: "kubelet",
		Argv: append([]string{filepath.Join(bin, "kubelet")}, c.Arguments("kubelet-arg", flags)...),
	})
	return nil
}

// startKubeProxy starts kube-proxy with the flags that K3s gives it.
func startKubeProxy(c *Config, s *Supervisor, bin string, cluster NodeConfig) {
	flags := map[string]string{
		"cluster-cidr":                      cluster.ClusterCIDR,
		"conntrack-max-per-core":            "0",
		"conntrack-tcp-timeout-close-wait":  "0s",
		"conntrack-tcp-timeout-established": "0s",
		"healthz-bind-address":              "127.0.0.1",
		"hostname-override":                 c.NodeName(),
		"kubeconfig":                        c.Dir("agent", "kubeproxy.kubeconfig"),
		"proxy-mode":                        "iptables",
	}
	s.Start(Process{
		Name: "kube-proxy",
		Argv: append([]string{filepath.Join(bin, "kube-proxy")}, c.Arguments("kube-proxy-arg", flags)...),
	})
}

// writeCNI tells containerd how pods get their interfaces, once flannel knows the node's network:
// a pod that comes before would fail and be tried again much later.
func writeCNI(ctx context.Context, c *Config) error {
	err := waitFor(ctx, 10*time.Minute, "flannel", func() error {
		_, err := os.Stat(flannelSubnet)
		return err
	})
	if err != nil {
		return err
	}
	directory := c.Dir("agent", "etc", "cni", "net.d")
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	const text = `{
  "name": "cbr0",
  "cniVersion": "1.0.0",
  "plugins": [
    {
      "type": "flannel",
      "delegate": {"hairpinMode": true, "forceAddress": true, "isDefaultGateway": true}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}},
    {"type": "bandwidth", "capabilities": {"bandwidth": true}}
  ]
}
`
	return os.WriteFile(filepath.Join(directory, "10-flannel.conflist"), []byte(text), 0o600)
}

// startFlannel gives pods their network across nodes, whichever CNI of RKE2 was chosen.
func startFlannel(c *Config, s *Supervisor, bin string, cluster NodeConfig, ip string) error {
	network := map[string]any{
		"Network":        cluster.ClusterCIDR,
		"EnableNFTables": false,
		"Backend":        map[string]any{"Type": cluster.FlannelBackend},
	}
	raw, err := json.MarshalIndent(network, "", "  ")
	if err != nil {
		return err
	}
	file := c.Dir("agent", "etc", "flannel", "net-conf.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return err
	}
	iface := ip
	if c.Distro.Name == distroK3s.Name && c.Get("flannel-iface") != "" {
		iface = c.Get("flannel-iface")
	}
	s.Start(Process{
		Name: "flannel",
		Argv: []string{
			filepath.Join(bin, "flanneld"), "--kube-subnet-mgr", "--ip-masq", "--iface=" + iface,
			"--kubeconfig-file=" + c.Dir("agent", "flannel.kubeconfig"),
			"--net-config-path=" + file, "--subnet-file=" + flannelSubnet,
		},
		Env: []string{"NODE_NAME=" + c.NodeName(), "EVENT_QUEUE_DEPTH=5000"},
	})
	return nil
}

// resolvConf is the file that pods' resolv.conf is made from: the host's, unless its servers are
// loopback's, which no pod can reach.
func resolvConf(c *Config) (string, error) {
	if given := c.Get("resolv-conf"); given != "" {
		return given, nil
	}
	const host = "/etc/resolv.conf"
	if raw, err := os.ReadFile(host); err == nil {
		for line := range strings.Lines(string(raw)) {
			words := strings.Fields(line)
			if len(words) > 1 && words[0] == "nameserver" && !strings.HasPrefix(words[1], "127.") {
				return host, nil
			}
		}
	}
	own := c.Dir("agent", "etc", "resolv.conf")
	return own, os.WriteFile(own, []byte("nameserver 8.8.8.8\n"), 0o644)
}

func later(values []string) []string {
	if len(values) < 2 {
		return nil
	}
	return values[1:]
}
