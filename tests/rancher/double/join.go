package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// fetch reads a path of a server's supervisor, trusting the CA that the token pins; a token that
// pins none trusts whoever answers, with a warning, as documented.
func fetch(ctx context.Context, server string, token Token, path string) ([]byte, error) {
	ca, err := trustedCA(ctx, server, token)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s/cacerts holds no certificate", server)
	}
	return get(ctx, server+path, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, token)
}

// trustedCA gives the server's CA, which is compared with the token's hash.
func trustedCA(ctx context.Context, server string, token Token) ([]byte, error) {
	server = strings.TrimRight(server, "/")
	// The CA cannot be known before it is read: the token's hash tells whether it is the right one.
	anyone := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	ca, err := get(ctx, server+"/cacerts", anyone, Token{})
	if err != nil {
		return nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	if token.CAHash == "" {
		warnf("Cluster CA certificate is not trusted by the host CA bundle, but the token does not " +
			"include a CA hash. Use the full token from the server's node-token file to enable " +
			"Cluster CA validation.")
	}
	return ca, token.Trusts(ca)
}

func get(ctx context.Context, url string, trust *tls.Config, token Token) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token.Password != "" {
		request.SetBasicAuth(token.User, token.Password)
	}
	transport := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true}
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, answer.Status)
	}
	return raw, err
}

// joinCluster takes the cluster's CAs from the server in the configuration, once, after the
// settings that all servers must share were compared.
func joinCluster(ctx context.Context, c *Config) error {
	given, err := c.Token()
	if err != nil {
		return err
	}
	if given == "" {
		return errors.New("token is required to join a cluster")
	}
	token, err := ParseToken(given, "server")
	if err != nil {
		return err
	}
	server, prefix := strings.TrimRight(c.Get("server"), "/"), "/v1-"+c.Distro.Name
	c.Set("server", server)
	var theirs []byte
	var final error
	err = waitFor(ctx, 2*time.Minute, server, func() error {
		found, err := fetch(ctx, server, token, prefix+"/critical")
		if err != nil && isFinal(err) {
			final = err
			return nil
		}
		theirs = found
		return err
	})
	if err = errors.Join(final, err); err != nil {
		return fmt.Errorf("failed to validate token: %w", err)
	}
	if err := compareCritical(critical(c), theirs); err != nil {
		return fmt.Errorf("failed to validate server configuration: %w", err)
	}
	raw, err := fetch(ctx, server, token, prefix+"/server-bootstrap")
	if err != nil {
		return err
	}
	var files map[string][]byte
	if err := json.Unmarshal(raw, &files); err != nil {
		return err
	}
	return writeShared(c, files)
}

// isFinal tells an answer that waiting does not change: another CA, or a wrong password.
func isFinal(err error) bool {
	return strings.Contains(err.Error(), "CA hash does not match") ||
		strings.Contains(err.Error(), "401 Unauthorized")
}
