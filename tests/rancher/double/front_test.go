package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// behindFront starts a stand-in for kube-apiserver on 127.0.0.2 and the front before it.
func behindFront(t *testing.T) (*supervisorAPI, string) {
	t.Helper()
	c := loaded(t, distroK3s, "server", "data-dir: "+t.TempDir()+"\nnode-ip: 127.0.0.1\n")
	cas, err := loadAuthorities(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := issueCertificates(c, cas); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	c.Set("https-listen-port", port)
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(cas.requestHeader.pem)
	clients.AppendCertsFromPEM(cas.client.pem)
	pair, err := tls.LoadX509KeyPair(
		c.Dir("server", "tls", "serving-kube-apiserver.crt"),
		c.Dir("server", "tls", "serving-kube-apiserver.key"))
	if err != nil {
		t.Fatal(err)
	}
	behind := httptest.NewUnstartedServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			by := "nobody"
			if len(r.TLS.PeerCertificates) > 0 {
				by = r.TLS.PeerCertificates[0].Subject.CommonName
			}
			fmt.Fprintf(w, "%s says %q of %q", by,
				r.Header.Get("X-Remote-User"), r.Header.Values("X-Remote-Group"))
		}))
	behind.Listener = listener
	behind.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert, ClientCAs: clients,
	}
	behind.StartTLS()
	t.Cleanup(behind.Close)
	s := &supervisorAPI{config: c, cas: cas, secrets: secrets{server: "s", agent: "a"}}
	handler, err := s.withKubernetes(s.handler())
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(handler)
	front.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	front.StartTLS()
	t.Cleanup(front.Close)
	return s, front.URL
}

func ask(t *testing.T, url, certificate string, headers ...string) string {
	t.Helper()
	trust := &tls.Config{InsecureSkipVerify: true}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate+".crt", certificate+".key")
		if err != nil {
			t.Fatal(err)
		}
		trust.Certificates = []tls.Certificate{pair}
	}
	request, _ := http.NewRequest(http.MethodGet, url, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return string(exchangeWith(t, request, trust))
}

func exchange(t *testing.T, request *http.Request) []byte {
	t.Helper()
	return exchangeWith(t, request, &tls.Config{InsecureSkipVerify: true})
}

func exchangeWith(t *testing.T, request *http.Request, trust *tls.Config) []byte {
	t.Helper()
	answer, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: trust}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", request.URL, answer.Status, err)
	}
	return raw
}

func TestTheFrontHandsOnWhoTheClientIs(t *testing.T) {
	s, url := behindFront(t)
	tls := s.config.Dir("server", "tls")
	for _, one := range []struct{ certificate, want string }{
		{tls + "/client-admin", `system:auth-proxy says "system:admin" of ["system:masters"]`},
		{"", `nobody says "" of []`},
		{tls + "/client-auth-proxy", `nobody says "" of []`},
	} {
		got := ask(t, url+"/api", one.certificate, "X-Remote-User", "mallory")
		if got != one.want {
			t.Errorf("%s: %s", one.certificate, got)
		}
	}
}
