package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"os"
	"testing"
)

func TestCertificatesAreKeptUntilTheirNamesChange(t *testing.T) {
	dir := "data-dir: " + t.TempDir() + "\nnode-ip: 192.0.2.1\n"
	file := ""
	issue := func(text string) []byte {
		c := loaded(t, distroK3s, "server", dir+text)
		cas, err := loadAuthorities(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := issueCertificates(c, cas); err != nil {
			t.Fatal(err)
		}
		file = c.Dir("server", "tls", "serving-kube-apiserver.crt")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	one := issue("")
	if !bytes.Equal(one, issue("")) {
		t.Error("a certificate that serves was renewed")
	}
	two := issue("tls-san: [lb.example.org, 192.0.2.9]\n")
	if bytes.Equal(one, two) {
		t.Fatal("new names need a new certificate")
	}
	certificate, err := parseCertificate(two)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"lb.example.org", "192.0.2.9", "192.0.2.1", "127.0.0.1", "10.43.0.1", "localhost",
	} {
		if err := certificate.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
}

func TestNodesAreSignedForWhatThePathSays(t *testing.T) {
	c, url := firstServer(t, distroK3s, "")
	key, _ := loadKey(t.TempDir() + "/key")
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "system:admin", Organization: []string{"system:masters"}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	body := encode("CERTIFICATE REQUEST", request)
	for path, want := range map[string]string{
		"client-kubelet": "system:node:w1", "serving-kubelet": "w1",
		"client-kube-proxy": "system:kube-proxy", "client-flannel": "system:k3s-controller",
	} {
		raw := post(t, url+"/v1-k3s/"+path+".crt", body)
		got, err := parseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject.CommonName != want || len(got.Subject.Organization) > 1 ||
			!key.PublicKey.Equal(got.PublicKey.(*ecdsa.PublicKey)) {
			t.Errorf("%s: %s %s", path, got.Subject, c.NodeName())
		}
		if path == "serving-kubelet" && got.VerifyHostname("192.0.2.7") != nil {
			t.Error("the node's address is not in its serving certificate")
		}
	}
}

func post(t *testing.T, url string, body []byte) []byte {
	t.Helper()
	request, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	request.SetBasicAuth("node", "agents")
	request.Header.Set("k3s-Node-Name", "w1")
	request.Header.Set("k3s-Node-IP", "192.0.2.7")
	return exchange(t, request)
}
