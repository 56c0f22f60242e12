package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"time"
)

// kubeClient talks to this host's kube-apiserver as administrator.
type kubeClient struct {
	base   string
	client *http.Client
}

func newKubeClient(c *Config) (*kubeClient, error) {
	base := c.Dir("server", "tls", "client-supervisor")
	pair, err := tls.LoadX509KeyPair(base+".crt", base+".key")
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(c.Dir("server", "tls", "server-ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &kubeClient{
		base: fmt.Sprintf("https://%s:%d", c.APIServerAddress(), c.APIPort()),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{
				RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12,
			},
		}},
	}, nil
}

var errNotFound = errors.New("not found")

// call sends JSON, if any, and reads the answer's JSON into into, if any.
func (k *kubeClient) call(method, path, kind string, body []byte, into any) error {
	request, err := http.NewRequest(method, k.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	answer, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusNotFound {
		return errNotFound
	}
	if answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, answer.Status, raw)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

func (k *kubeClient) ready() error {
	return k.call(http.MethodGet, "/readyz", "application/json", nil, nil)
}

// apiServers gives address:port of each kube-apiserver that answers, in order.
func (k *kubeClient) apiServers() ([]string, error) {
	var slice struct {
		Endpoints []struct{ Addresses []string }
		Ports     []struct{ Port int }
	}
	path := "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes"
	if err := k.call(http.MethodGet, path, "application/json", nil, &slice); err != nil {
		return nil, err
	}
	var found []string
	for _, endpoint := range slice.Endpoints {
		for _, address := range endpoint.Addresses {
			for _, port := range slice.Ports {
				found = append(found, fmt.Sprintf("%s:%d", address, port.Port))
			}
		}
	}
	sort.Strings(found)
	return found, nil
}

// markNode sets labels and annotations of a node; errNotFound until it is registered.
func (k *kubeClient) markNode(name string, labels, annotations map[string]string) error {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"labels": labels, "annotations": annotations},
	})
	if err != nil {
		return err
	}
	path := "/api/v1/nodes/" + name
	return k.call(http.MethodPatch, path, "application/merge-patch+json", body, nil)
}
