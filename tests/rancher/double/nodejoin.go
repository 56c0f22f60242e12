package main

import (
	"bytes"
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

// errRefused is a supervisor's answer that asking again will not change.
var errRefused = errors.New("refused by the server")

// supervisorClient speaks with a supervisor whose CA it has checked.
type supervisorClient struct {
	url   string // https://HOST:PORT/v1-<name>
	token Token
	http  *http.Client
}

// trustSupervisor checks the CA of the supervisor at https://HOST:PORT against the token.
func trustSupervisor(
	ctx context.Context, d Distro, url string, token Token,
) (*supervisorClient, error) {
	ca, err := trustedCA(ctx, url, token)
	if err != nil && isFinal(err) {
		return nil, fmt.Errorf("%w: %w", err, errRefused)
	} else if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s/cacerts holds no certificate", url)
	}
	// A connection that is kept would outlive the server behind a load balancer.
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: true,
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: transport}
	return &supervisorClient{strings.TrimSuffix(url, "/") + "/v1-" + d.Name, token, client}, nil
}

// get fetches a path below the supervisor's prefix; an answer that is not 200 is an error with its text.
func (s *supervisorClient) get(ctx context.Context, path string) ([]byte, error) {
	return s.do(ctx, http.MethodGet, path, nil, nil)
}

// getJSON fetches and decodes.
func (s *supervisorClient) getJSON(ctx context.Context, path string, into any) error {
	raw, err := s.get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s%s: %w", s.url, path, err)
	}
	return nil
}

// post sends a body and gives the answer's.
func (s *supervisorClient) post(
	ctx context.Context, path string, headers map[string]string, body []byte,
) ([]byte, error) {
	return s.do(ctx, http.MethodPost, path, headers, body)
}

func (s *supervisorClient) do(
	ctx context.Context, method, path string, headers map[string]string, body []byte,
) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, errRefused)
	}
	request.SetBasicAuth(s.token.User, s.token.Password)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 4<<20))
	if err != nil {
		return nil, err
	}
	switch {
	case answer.StatusCode == http.StatusOK:
		return raw, nil
	case answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusForbidden,
		answer.StatusCode == http.StatusBadRequest:
		return nil, fmt.Errorf("%s%s: %s %s: %w",
			s.url, path, answer.Status, strings.TrimSpace(string(raw)), errRefused)
	}
	return nil, fmt.Errorf("%s%s: %s %s", s.url, path, answer.Status, strings.TrimSpace(string(raw)))
}

// patiently repeats an attempt until it succeeds or is refused, and says each time what is missing.
func patiently(ctx context.Context, what string, attempt func() error) error {
	for {
		err := attempt()
		if err == nil || errors.Is(err, errRefused) {
			return err
		}
		infof("Waiting to %s; server is not ready: %v", what, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}
