package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"testing"
)

// supervised is a server that can be joined, and its agents' token.
func supervised(t *testing.T) (string, Token) {
	t.Helper()
	c, url := firstServer(t, distroK3s, "")
	ca, err := os.ReadFile(c.Dir("server", "tls", "server-ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	return url, Token{CAHash: hashCA(ca), User: "node", Password: "agents"}
}

func TestANodeGetsItsCertificates(t *testing.T) {
	url, token := supervised(t)
	c := loaded(t, distroK3s, "agent", "data-dir: "+t.TempDir()+"\nnode-name: w1\nserver: "+url+"\n")
	client, err := trustSupervisor(t.Context(), c.Distro, url, token)
	if err != nil {
		t.Fatal(err)
	}
	var settings NodeConfig
	if err := client.getJSON(t.Context(), "/config", &settings); err != nil {
		t.Fatal(err)
	}
	if settings.ClusterCIDR != "10.42.0.0/16" || settings.ClusterDNS != "10.43.0.10" {
		t.Errorf("%+v", settings)
	}
	if err := fetchCertificates(t.Context(), c, client, "10.9.8.7", "password"); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(c.Dir("agent", "serving-kubelet.crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	serving, err := x509.ParseCertificate(block.Bytes)
	if err != nil || serving.VerifyHostname("10.9.8.7") != nil || serving.VerifyHostname("w1") != nil {
		t.Errorf("%v, %v", serving, err)
	}
	for _, name := range nodeCertificates {
		base := c.Dir("agent", name)
		if _, err := tls.LoadX509KeyPair(base+".crt", base+".key"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWrongPasswordOrCAIsFinal(t *testing.T) {
	url, token := supervised(t)
	wrong := token
	wrong.Password = "other"
	client, err := trustSupervisor(t.Context(), distroK3s, url, wrong)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.get(t.Context(), "/config"); !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	wrong = token
	wrong.CAHash = hash64
	if _, err := trustSupervisor(t.Context(), distroK3s, url, wrong); !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
}

func TestAServerThatIsNotThereIsWaitedFor(t *testing.T) {
	_, err := trustSupervisor(t.Context(), distroK3s, "https://127.0.0.1:1", Token{Password: "x"})
	if err == nil || errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
}
