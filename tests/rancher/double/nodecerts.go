package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"strings"
)

// nodeCertificates are what a node asks of its supervisor, each as NAME.crt and NAME.key below
// agent/.
var nodeCertificates = []string{
	"serving-kubelet", "client-kubelet", "client-kube-proxy", "client-flannel",
}

// fetchCertificates writes the node's certificates and the CAs that it checks others against.
func fetchCertificates(
	ctx context.Context, c *Config, s *supervisorClient, ip, password string,
) error {
	headers := map[string]string{
		"k3s-Node-Name":     c.NodeName(),
		"k3s-Node-IP":       ip,
		"k3s-Node-Password": password,
	}
	for _, name := range nodeCertificates {
		key, request, err := newRequest(c.NodeName())
		if err != nil {
			return err
		}
		certificate, err := s.post(ctx, "/"+name+".crt", headers, request)
		if err != nil {
			return err
		}
		if err := writeFile(c.Dir("agent", name+".key"), key, 0o600); err != nil {
			return err
		}
		if err := writeFile(c.Dir("agent", name+".crt"), certificate, 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"client-ca.crt", "server-ca.crt"} {
		certificate, err := s.get(ctx, "/"+name)
		if err != nil {
			return err
		}
		if err := writeFile(c.Dir("agent", name), certificate, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// newRequest gives a fresh key and a request for a certificate, both PEM. Who the certificate is
// for is the supervisor's to say.
func newRequest(node string) (key, request []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: node}}
	signed, err := x509.CreateCertificateRequest(rand.Reader, template, private)
	if err != nil {
		return nil, nil, err
	}
	key = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
	request = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: signed})
	return key, request, nil
}

// nodePassword is made once for a host: by it a server knows that a node of this name is the one
// that joined before.
func nodePassword() (string, error) {
	const file = "/etc/rancher/node/password"
	if raw, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	password := randomPassword()
	return password, writeFile(file, []byte(password+"\n"), 0o600)
}

// writeNodeKubeconfigs gives kubelet, kube-proxy and flannel their ways to the API at url.
func writeNodeKubeconfigs(c *Config, url string) error {
	for file, certificate := range map[string]string{
		"kubelet": "client-kubelet", "kubeproxy": "client-kube-proxy", "flannel": "client-flannel",
	} {
		text := kubeconfigWith(url, c.Dir("agent", "server-ca.crt"),
			c.Dir("agent", certificate+".crt"), c.Dir("agent", certificate+".key"))
		if err := writeFile(c.Dir("agent", file+".kubeconfig"), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
