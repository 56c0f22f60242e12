package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

const hash64 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestParseToken(t *testing.T) {
	for _, one := range []struct {
		text string
		want Token
		err  string
	}{
		{"plain\n", Token{User: "node", Password: "plain"}, ""},
		{"K10" + hash64 + "::server:pw:x", Token{CAHash: hash64, User: "server", Password: "pw:x"}, ""},
		{"", Token{}, "token is empty"},
		{"K10short::server:pw", Token{}, "invalid token"},
		{"K10" + hash64 + "::server", Token{}, "invalid token"},
	} {
		got, err := ParseToken(one.text, "node")
		if got != one.want || (err == nil) != (one.err == "") ||
			err != nil && !strings.Contains(err.Error(), one.err) {
			t.Errorf("%q: %+v, %v", one.text, got, err)
		}
	}
}

func TestATokenPinsTheCA(t *testing.T) {
	token, err := ParseToken(FormatToken([]byte("ca"), "server", "pw"), "server")
	if err != nil || token.Trusts([]byte("ca")) != nil {
		t.Fatalf("%+v, %v", token, err)
	}
	err = token.Trusts([]byte("other"))
	if err == nil || !strings.HasPrefix(err.Error(), "token CA hash does not match the Cluster CA") {
		t.Errorf("got %v", err)
	}
	if err := (Token{Password: "pw"}).Trusts([]byte("other")); err != nil {
		t.Errorf("a bare password pins nothing, got %v", err)
	}
}

func TestSecretsStay(t *testing.T) {
	dir := "data-dir: " + t.TempDir() + "\n"
	c := loaded(t, distroK3s, "server", dir)
	made, err := settleSecrets(c)
	if err != nil || len(made.server) != 32 || made.agent != made.server {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := writeTokens(c, []byte("ca"), made); err != nil {
		t.Fatal(err)
	}
	if again, err := settleSecrets(c); err != nil || again != made {
		t.Errorf("%+v, %v", again, err)
	}
	raw, err := os.ReadFile(c.Dir("server", "node-token"))
	if err != nil || string(raw) != FormatToken([]byte("ca"), "server", made.server)+"\n" {
		t.Errorf("node-token is %q, %v", raw, err)
	}
	_, err = settleSecrets(loaded(t, distroK3s, "server", dir+"token: other\n"))
	if err == nil || !strings.Contains(err.Error(), "encrypted with different token") {
		t.Errorf("got %v", err)
	}
	with := loaded(t, distroK3s, "server", dir+"agent-token: mine\n")
	words, err := settleSecrets(with)
	if err != nil || words.agent != "mine" || writeTokens(with, []byte("ca"), words) != nil {
		t.Fatalf("%+v, %v", words, err)
	}
	raw, _ = os.ReadFile(c.Dir("server", "agent-token"))
	if string(raw) != FormatToken([]byte("ca"), "node", "mine")+"\n" {
		t.Errorf("agent-token is %q", raw)
	}
}

// first gives a server that can be joined: its configuration and the supervisor's address.
func firstServer(t *testing.T, d Distro, text string) (*Config, string) {
	t.Helper()
	c := loaded(t, d, "server", "data-dir: "+t.TempDir()+"\nnode-ip: 127.0.0.1\n"+text)
	cas, err := loadAuthorities(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := issueCertificates(c, cas); err != nil {
		t.Fatal(err)
	}
	base := c.Dir("server", "tls", "serving-kube-apiserver")
	pair, err := tls.LoadX509KeyPair(base+".crt", base+".key")
	if err != nil {
		t.Fatal(err)
	}
	words := secrets{server: "pw", agent: "agents"}
	if err := writeTokens(c, cas.server.pem, words); err != nil {
		t.Fatal(err)
	}
	s := &supervisorAPI{config: c, cas: cas, secrets: words}
	server := httptest.NewUnstartedServer(s.handler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return c, server.URL
}

func TestASecondServerTakesTheCAs(t *testing.T) {
	for _, d := range []Distro{distroK3s, distroRKE2} {
		one, url := firstServer(t, d, "")
		token, _ := os.ReadFile(one.Dir("server", "token"))
		two := loaded(t, d, "server",
			"data-dir: "+t.TempDir()+"\nserver: "+url+"/\ntoken: "+string(token))
		if err := joinCluster(context.Background(), two); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"tls/server-ca.key", "tls/etcd/peer-ca.crt", "tls/service.key"} {
			ours, _ := os.ReadFile(one.Dir("server", name))
			theirs, err := os.ReadFile(two.Dir("server", name))
			if err != nil || string(ours) != string(theirs) {
				t.Errorf("%s: %s differs, %v", d.Name, name, err)
			}
		}
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	_, url := firstServer(t, distroK3s, "")
	for _, one := range []struct{ text, want string }{
		{"token: pw\ncluster-cidr: 10.1.0.0/16\n", "critical configuration value mismatch between servers"},
		{"token: pw\ndisable: [servicelb]\n", "critical configuration value mismatch between servers"},
		{"token: wrong\n", "401 Unauthorized"},
		{"token: K10" + hash64 + "::server:pw\n", "token CA hash does not match"},
		{"", "token is required"},
	} {
		c := loaded(t, distroK3s, "server", "data-dir: "+t.TempDir()+"\nserver: "+url+"\n"+one.text)
		err := joinCluster(context.Background(), c)
		if err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%q: got %v", one.text, err)
		}
		if _, err := os.Stat(c.Dir("server", "tls", "server-ca.key")); err == nil {
			t.Errorf("%q: it took the CA", one.text)
		}
	}
}

func TestAgentsGetNoCAKeys(t *testing.T) {
	_, url := firstServer(t, distroK3s, "")
	agent := Token{User: "node", Password: "agents"}
	if _, err := fetch(context.Background(), url, agent, "/v1-k3s/server-bootstrap"); err == nil {
		t.Error("an agent token must not read server-bootstrap")
	}
	raw, err := fetch(context.Background(), url, agent, "/v1-k3s/config")
	var said NodeConfig
	if err != nil || json.Unmarshal(raw, &said) != nil || said.ClusterDNS != "10.43.0.10" {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestCompareCriticalNamesNothingWithoutAReason(t *testing.T) {
	c := loaded(t, distroRKE2, "server", "cluster-dns: 10.43.0.10\n")
	other, _ := json.Marshal(critical(loaded(t, distroRKE2, "server", "")))
	if err := compareCritical(critical(c), other); err != nil {
		t.Errorf("got %v", err)
	}
	other, _ = json.Marshal(critical(loaded(t, distroRKE2, "server", "disable-kube-proxy: true\n")))
	if err := compareCritical(critical(c), other); !errors.Is(err, errMismatch) {
		t.Errorf("got %v", err)
	}
}

func TestSealedDataNeedsItsToken(t *testing.T) {
	text, err := seal("pw", map[string][]byte{"tls/service.key": []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	files, err := unseal("pw", text)
	if err != nil || string(files["tls/service.key"]) != "k" {
		t.Errorf("%q, %v", files, err)
	}
	if _, err := unseal("other", text); err == nil {
		t.Error("another token must not open it")
	}
}
