package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const reusePort = 15 // SO_REUSEPORT on Linux; Go's syscall package does not name it

// listen serves the supervisor; K3s' port serves the Kubernetes API, too.
func (s *supervisorAPI) listen(ctx context.Context, fail func(error)) error {
	c := s.config
	base := c.Dir("server", "tls", "serving-kube-apiserver")
	pair, err := tls.LoadX509KeyPair(base+".crt", base+".key")
	if err != nil {
		return err
	}
	handler := s.handler()
	if c.Distro.Name == distroK3s.Name {
		if handler, err = s.withKubernetes(handler); err != nil {
			return err
		}
	}
	address := net.JoinHostPort(c.Get("bind-address"), fmt.Sprint(c.SupervisorPort()))
	// With a shared port the kernel would let a second server in, too.
	free, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	free.Close()
	settings := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var inner error
		err := raw.Control(func(fd uintptr) {
			inner = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, reusePort, 1)
		})
		if err != nil {
			return err
		}
		return inner
	}}
	listener, err := settings.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	if c.Distro.Name == distroK3s.Name {
		listener = elsewhere{listener, net.ParseIP(c.APIServerAddress())}
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 30 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{pair},
			ClientAuth:   tls.RequestClientCert,
			MinVersion:   tls.VersionTLS12,
		},
		ErrorLog: quiet,
	}
	go func() { fail(server.ServeTLS(listener, "", "")) }()
	return nil
}

// elsewhere drops connections to kube-apiserver's own address, which the kernel hands to us as long
// as kube-apiserver does not listen.
type elsewhere struct {
	net.Listener
	address net.IP
}

func (l elsewhere) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		to, ok := connection.LocalAddr().(*net.TCPAddr)
		if !ok || !to.IP.Equal(l.address) {
			return connection, nil
		}
		connection.Close()
	}
}

// withKubernetes hands everything but the supervisor's paths to kube-apiserver. A client's
// certificate ends here, so who it names is handed on as a front proxy does.
func (s *supervisorAPI) withKubernetes(ours http.Handler) (http.Handler, error) {
	c := s.config
	base := c.Dir("server", "tls", "client-auth-proxy")
	pair, err := tls.LoadX509KeyPair(base+".crt", base+".key")
	if err != nil {
		return nil, err
	}
	servers, clients := x509.NewCertPool(), x509.NewCertPool()
	servers.AppendCertsFromPEM(s.cas.server.pem)
	clients.AppendCertsFromPEM(s.cas.client.pem)
	plain := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: servers, MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 100,
		// Without HTTP/2, which has no upgrades as exec and port-forward need them.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	proxying := plain.Clone()
	proxying.TLSClientConfig.Certificates = []tls.Certificate{pair}
	target := &url.URL{Scheme: "https", Host: fmt.Sprintf("%s:%d", c.APIServerAddress(), c.APIPort())}
	forward := func(through http.RoundTripper) *httputil.ReverseProxy {
		return &httputil.ReverseProxy{
			Transport:     through,
			FlushInterval: -1,
			ErrorLog:      quiet,
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target); r.SetXForwarded() },
		}
	}
	anyone, somebody := forward(plain), forward(proxying)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isOurs(r.URL.Path) {
			ours.ServeHTTP(w, r)
			return
		}
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Remote-") {
				r.Header.Del(name)
			}
		}
		user := verified(r.TLS, clients)
		if user == nil {
			anyone.ServeHTTP(w, r)
			return
		}
		r.Header.Set("X-Remote-User", user.Subject.CommonName)
		for _, group := range user.Subject.Organization {
			r.Header.Add("X-Remote-Group", group)
		}
		somebody.ServeHTTP(w, r)
	}), nil
}

func isOurs(path string) bool {
	return path == "/ping" || path == "/cacerts" || path == "/db/info" ||
		strings.HasPrefix(path, "/v1-k3s/")
}

// verified gives the client's certificate if it is one of the cluster's.
func verified(state *tls.ConnectionState, clients *x509.CertPool) *x509.Certificate {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	between := x509.NewCertPool()
	for _, one := range state.PeerCertificates[1:] {
		between.AddCert(one)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: clients, Intermediates: between,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return nil
	}
	return state.PeerCertificates[0]
}
