package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
)

// registries is registries.yaml as documented. Rewrites need a patched containerd: they are refused.
type registries struct {
	Mirrors map[string]struct {
		Endpoint []string          `yaml:"endpoint"`
		Rewrite  map[string]string `yaml:"rewrite"`
	} `yaml:"mirrors"`
	Configs map[string]registryConfig `yaml:"configs"`
}

type registryConfig struct {
	Auth *struct {
		Username      string `yaml:"username"`
		Password      string `yaml:"password"`
		Auth          string `yaml:"auth"`
		IdentityToken string `yaml:"identity_token"`
	} `yaml:"auth"`
	TLS struct {
		CAFile             string `yaml:"ca_file"`
		CertFile           string `yaml:"cert_file"`
		KeyFile            string `yaml:"key_file"`
		InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
	} `yaml:"tls"`
}

func readRegistries(c *Config) (registries, error) {
	path := c.Get("private-registry")
	if path == "" {
		path = filepath.Join(c.Distro.EtcDir(), "registries.yaml")
	}
	var all registries
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return all, nil
	} else if err != nil {
		return all, err
	}
	if err := yaml.Unmarshal(raw, &all); err != nil {
		return all, fmt.Errorf("failed to read %s: %w", path, err)
	}
	for host, mirror := range all.Mirrors {
		if len(mirror.Rewrite) > 0 {
			return all, fmt.Errorf("%s: the double cannot rewrite names of %s", path, host)
		}
	}
	return all, nil
}

// writeHosts makes directory anew: HOST/hosts.toml for each mirror and each host with TLS settings.
func (all registries) writeHosts(directory string, withoutDefault bool) error {
	if err := os.RemoveAll(directory); err != nil {
		return err
	}
	hosts := map[string][]string{}
	for host, mirror := range all.Mirrors {
		hosts[host] = mirror.Endpoint
	}
	for host := range all.Configs {
		if _, ok := hosts[host]; !ok {
			hosts[host] = nil
		}
	}
	for host, endpoints := range hosts {
		name := host
		if host == "*" {
			name = "_default"
		}
		place := filepath.Join(directory, name)
		if err := os.MkdirAll(place, 0o755); err != nil {
			return err
		}
		text, err := all.hostsTOML(host, endpoints, withoutDefault)
		if err != nil {
			return err
		}
		file := filepath.Join(place, "hosts.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (all registries) hostsTOML(host string, given []string, withoutDefault bool) (string, error) {
	var endpoints []string
	for _, one := range given {
		endpoint, err := endpointURL(one)
		if err != nil {
			return "", fmt.Errorf("mirror %s: %w", host, err)
		}
		endpoints = append(endpoints, endpoint)
	}
	server := ""
	switch {
	case withoutDefault && len(endpoints) > 0:
		server, endpoints = endpoints[len(endpoints)-1], endpoints[:len(endpoints)-1]
	case host == "docker.io":
		server = "https://registry-1.docker.io/v2"
	case host != "*":
		server, _ = endpointURL(host)
	}
	var text strings.Builder
	text.WriteString("# Written at each start from registries.yaml.\n")
	if server != "" {
		fmt.Fprintf(&text, "server = %q\ncapabilities = [\"pull\", \"resolve\", \"push\"]\n", server)
		all.tls(&text, server, "")
	}
	for _, endpoint := range endpoints {
		fmt.Fprintf(&text, "\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", endpoint)
		if parsed, _ := url.Parse(endpoint); parsed.Path != "/v2" {
			text.WriteString("  override_path = true\n")
		}
		all.tls(&text, endpoint, "  ")
	}
	return text.String(), nil
}

func (all registries) tls(text *strings.Builder, endpoint, indent string) {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return
	}
	config, ok := all.Configs[parsed.Host]
	if !ok {
		config = all.Configs["*"]
	}
	if config.TLS.CAFile != "" {
		fmt.Fprintf(text, "%sca = [%q]\n", indent, config.TLS.CAFile)
	}
	if config.TLS.CertFile != "" {
		fmt.Fprintf(text, "%sclient = [[%q, %q]]\n", indent, config.TLS.CertFile, config.TLS.KeyFile)
	}
	if config.TLS.InsecureSkipVerify {
		fmt.Fprintf(text, "%sskip_verify = true\n", indent)
	}
}

// authTOML is the part of containerd's own configuration: hosts.toml takes no passwords.
func (all registries) authTOML() string {
	var hosts []string
	for host, config := range all.Configs {
		if config.Auth != nil {
			hosts = append(hosts, host)
		}
	}
	sort.Strings(hosts)
	var text strings.Builder
	for _, host := range hosts {
		auth := all.Configs[host].Auth
		fmt.Fprintf(&text,
			"\n[plugins.'io.containerd.cri.v1.images'.registry.configs.%q.auth]\n", host)
		for _, field := range []struct{ name, value string }{
			{"username", auth.Username},
			{"password", auth.Password},
			{"auth", auth.Auth},
			{"identitytoken", auth.IdentityToken},
		} {
			if field.value != "" {
				fmt.Fprintf(&text, "  %s = %q\n", field.name, field.value)
			}
		}
	}
	return text.String()
}

// endpointURL completes an endpoint: https unless told, and the registry API's path.
func endpointURL(given string) (string, error) {
	if !strings.Contains(given, "://") {
		given = "https://" + given
	}
	parsed, err := url.Parse(given)
	if err != nil || parsed.Host == "" {
		return "", fmt.Errorf("%q is no registry's URL", given)
	}
	if parsed.Path = strings.TrimSuffix(parsed.Path, "/"); parsed.Path == "" {
		parsed.Path = "/v2"
	}
	return parsed.String(), nil
}
