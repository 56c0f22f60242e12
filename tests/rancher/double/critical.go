package main

import (
	"encoding/json"
	"errors"
	"sort"
	"strings"
)

// criticalKeys must be the same on all servers, as documented.
var criticalKeys = []string{
	"cluster-cidr", "cluster-dns", "cluster-domain", "service-cidr", "egress-selector-mode",
	"disable-cloud-controller", "disable-helm-controller", "disable-kube-proxy",
	"disable-network-policy", "embedded-registry", "flannel-backend", "flannel-external-ip",
	"flannel-ipv6-masq", "secrets-encryption",
}

// critical gives those settings of this server by name.
func critical(c *Config) map[string]string {
	said := map[string]string{}
	for _, name := range criticalKeys {
		if !keys[name].known(c.Distro, "server") {
			continue
		}
		value := strings.Join(c.List(name), ",")
		if keys[name].kind == flag && value == "" {
			value = "false"
		}
		said[name] = value
	}
	said["cluster-dns"] = c.ClusterDNS()
	if c.Distro.Name == distroK3s.Name {
		said["disable=servicelb"] = "false"
		if contains(c.List("disable"), "servicelb") {
			said["disable=servicelb"] = "true"
		}
	}
	return said
}

var errMismatch = errors.New("critical configuration value mismatch between servers")

// compareCritical names each setting in which this server differs from the one that it joins.
func compareCritical(ours map[string]string, theirs []byte) error {
	var other map[string]string
	if err := json.Unmarshal(theirs, &other); err != nil {
		return err
	}
	var differ []string
	for name, value := range ours {
		if other[name] != value {
			differ = append(differ, name)
		}
	}
	sort.Strings(differ)
	for _, name := range differ {
		warnf("critical configuration mismatched: %s (here %q, there %q)", name, ours[name], other[name])
	}
	if len(differ) > 0 {
		return errMismatch
	}
	return nil
}
