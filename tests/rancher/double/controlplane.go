package main

import (
	"fmt"
	"maps"
	"os"
	"strings"
)

// startAPIServer starts kube-apiserver. K3s' listens beside the front, on a loopback address.
func startAPIServer(c *Config, programs string, store *datastore, supervisor *Supervisor) {
	tls := c.Dir("server", "tls")
	defaults := map[string]string{
		"advertise-address":                  c.AdvertiseAddress(),
		"allow-privileged":                   "true",
		"anonymous-auth":                     "false",
		"api-audiences":                      issuer(c),
		"authorization-mode":                 "Node,RBAC",
		"bind-address":                       "0.0.0.0",
		"cert-dir":                           tls + "/temporary-certs",
		"client-ca-file":                     tls + "/client-ca.crt",
		"enable-admission-plugins":           "NodeRestriction",
		"enable-aggregator-routing":          "true",
		"enable-bootstrap-token-auth":        "true",
		"kubelet-certificate-authority":      tls + "/server-ca.crt",
		"kubelet-client-certificate":         tls + "/client-kube-apiserver.crt",
		"kubelet-client-key":                 tls + "/client-kube-apiserver.key",
		"kubelet-preferred-address-types":    "InternalIP,ExternalIP,Hostname",
		"profiling":                          "false",
		"proxy-client-cert-file":             tls + "/client-auth-proxy.crt",
		"proxy-client-key-file":              tls + "/client-auth-proxy.key",
		"requestheader-allowed-names":        "system:auth-proxy",
		"requestheader-client-ca-file":       tls + "/request-header-ca.crt",
		"requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"requestheader-group-headers":        "X-Remote-Group",
		"requestheader-username-headers":     "X-Remote-User",
		"secure-port":                        fmt.Sprint(c.APIPort()),
		"service-account-issuer":             issuer(c),
		"service-account-key-file":           tls + "/service.key",
		"service-account-signing-key-file":   tls + "/service.key",
		"service-cluster-ip-range":           strings.Join(c.List("service-cidr"), ","),
		"service-node-port-range":            c.Get("service-node-port-range"),
		"storage-backend":                    "etcd3",
		"tls-cert-file":                      tls + "/serving-kube-apiserver.crt",
		"tls-private-key-file":               tls + "/serving-kube-apiserver.key",
	}
	if c.Distro.Name == distroK3s.Name {
		defaults["bind-address"] = c.APIServerAddress()
		defaults["permit-port-sharing"] = "true"
	}
	if encrypts(c) {
		defaults["encryption-provider-config"] = encryptionFile(c)
	}
	maps.Copy(defaults, store.flags())
	argv := []string{programs + "/kube-apiserver"}
	argv = append(argv, c.Arguments("kube-apiserver-arg", defaults)...)
	supervisor.Start(Process{Name: "kube-apiserver", Argv: argv})
}

// startControllers starts kube-controller-manager and kube-scheduler; leaders are elected.
func startControllers(c *Config, programs string, supervisor *Supervisor) {
	tls, cred := c.Dir("server", "tls"), c.Dir("server", "cred")
	if !c.Bool("disable-controller-manager") {
		argv := c.Arguments("kube-controller-manager-arg", map[string]string{
			"allocate-node-cidrs":              "true",
			"authentication-kubeconfig":        cred + "/controller.kubeconfig",
			"authorization-kubeconfig":         cred + "/controller.kubeconfig",
			"bind-address":                     "127.0.0.1",
			"cluster-cidr":                     strings.Join(c.List("cluster-cidr"), ","),
			"cluster-signing-cert-file":        tls + "/client-ca.crt",
			"cluster-signing-key-file":         tls + "/client-ca.key",
			"configure-cloud-routes":           "false",
			"controllers":                      "*,tokencleaner",
			"kubeconfig":                       cred + "/controller.kubeconfig",
			"leader-elect":                     "true",
			"profiling":                        "false",
			"root-ca-file":                     tls + "/server-ca.crt",
			"secure-port":                      "10257",
			"service-account-private-key-file": tls + "/service.key",
			"service-cluster-ip-range":         strings.Join(c.List("service-cidr"), ","),
			"use-service-account-credentials":  "true",
		})
		supervisor.Start(Process{
			Name: "kube-controller-manager",
			Argv: append([]string{programs + "/kube-controller-manager"}, argv...),
		})
	}
	if !c.Bool("disable-scheduler") {
		argv := c.Arguments("kube-scheduler-arg", map[string]string{
			"authentication-kubeconfig": cred + "/scheduler.kubeconfig",
			"authorization-kubeconfig":  cred + "/scheduler.kubeconfig",
			"bind-address":              "127.0.0.1",
			"kubeconfig":                cred + "/scheduler.kubeconfig",
			"leader-elect":              "true",
			"profiling":                 "false",
			"secure-port":               "10259",
		})
		supervisor.Start(Process{
			Name: "kube-scheduler", Argv: append([]string{programs + "/kube-scheduler"}, argv...),
		})
	}
}

func issuer(c *Config) string {
	return "https://kubernetes.default.svc." + c.Get("cluster-domain")
}

// encrypts tells whether Secrets are encrypted at rest: always by RKE2, by K3s when asked to.
func encrypts(c *Config) bool {
	return c.Distro.Name == distroRKE2.Name || c.Bool("secrets-encryption")
}

// writeEncryption makes a key for Secrets, once; other servers have the file from the first.
func writeEncryption(file string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	return writeFile(file, fmt.Appendf(nil, `{"kind":"EncryptionConfiguration",`+
		`"apiVersion":"apiserver.config.k8s.io/v1","resources":[{"resources":["secrets"],`+
		`"providers":[{"aescbc":{"keys":[{"name":"aescbckey","secret":%q}]}},{"identity":{}}]}]}`,
		randomKey()), 0o600)
}
