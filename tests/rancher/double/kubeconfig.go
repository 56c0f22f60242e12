package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// kubeconfigWith gives a kubeconfig that refers to files of a certificate and its key.
func kubeconfigWith(server, ca, certificate, key string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: %s
    certificate-authority: %s
users:
- name: user
  user:
    client-certificate: %s
    client-key: %s
contexts:
- name: default
  context: {cluster: local, user: user}
current-context: default
`, server, ca, certificate, key)
}

// writeKubeconfigs writes those of the components, and the administrator's with all in it.
func writeKubeconfigs(c *Config) error {
	api := fmt.Sprintf("https://127.0.0.1:%d", c.APIPort())
	tls := c.Dir("server", "tls")
	for name, certificate := range map[string]string{
		"admin": "client-admin", "controller": "client-controller",
		"scheduler": "client-scheduler", "supervisor": "client-supervisor",
	} {
		base := tls + "/" + certificate
		text := kubeconfigWith(api, tls+"/server-ca.crt", base+".crt", base+".key")
		file := c.Dir("server", "cred", name+".kubeconfig")
		if err := writeFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return writeAdminKubeconfig(c, api)
}

func writeAdminKubeconfig(c *Config, api string) error {
	data := map[string]string{}
	for _, name := range []string{"server-ca.crt", "client-admin.crt", "client-admin.key"} {
		raw, err := os.ReadFile(c.Dir("server", "tls", name))
		if err != nil {
			return err
		}
		data[name] = base64.StdEncoding.EncodeToString(raw)
	}
	text := fmt.Appendf(nil, `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %s
    server: %s
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user:
    client-certificate-data: %s
    client-key-data: %s
`, data["server-ca.crt"], api, data["client-admin.crt"], data["client-admin.key"])
	mode := uint64(0o600)
	if given := c.Get("write-kubeconfig-mode"); given != "" {
		parsed, err := strconv.ParseUint(given, 8, 32)
		if err != nil {
			return fmt.Errorf("write-kubeconfig-mode is %q, expected octal digits", given)
		}
		mode = parsed
	}
	file := c.Get("write-kubeconfig")
	if file == "" {
		file = c.Distro.Kubeconfig()
	}
	if err := writeFile(file, text, os.FileMode(mode)); err != nil {
		return err
	}
	if group := c.Get("write-kubeconfig-group"); group != "" {
		found, err := user.LookupGroup(group)
		if err != nil {
			return err
		}
		id, _ := strconv.Atoi(found.Gid)
		return os.Chown(file, 0, id)
	}
	return nil
}
