package main

import (
	"crypto/subtle"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// supervisorAPI is what nodes join by. Paths are those that K3s and RKE2 have in common.
type supervisorAPI struct {
	config  *Config
	cas     *authorities
	secrets secrets
	store   *datastore
	kube    *kubeClient
}

// NodeConfig is the answer of /config: what agents take from their server.
type NodeConfig struct {
	ClusterCIDR      string `json:"clusterCIDR"`
	ServiceCIDR      string `json:"serviceCIDR"`
	ClusterDNS       string `json:"clusterDNS"`
	ClusterDomain    string `json:"clusterDomain"`
	FlannelBackend   string `json:"flannelBackend"`
	CNI              string `json:"cni"`
	DisableKubeProxy bool   `json:"disableKubeProxy"`
	APIPort          int    `json:"apiPort"`
}

func (s *supervisorAPI) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "pong") })
	mux.HandleFunc("/cacerts", s.file("server-ca.crt"))
	for _, prefix := range []string{"/v1-k3s", "/v1-rke2"} {
		mux.Handle(prefix+"/readyz", s.allow(s.ready, "node", "server"))
		mux.Handle(prefix+"/config", s.allow(s.nodeConfig, "node", "server"))
		mux.Handle(prefix+"/apiservers", s.allow(s.apiservers, "node", "server"))
		mux.Handle(prefix+"/client-ca.crt", s.allow(s.file("client-ca.crt"), "node", "server"))
		mux.Handle(prefix+"/server-ca.crt", s.allow(s.file("server-ca.crt"), "node", "server"))
		mux.Handle(prefix+"/server-bootstrap", s.allow(s.bootstrap, "server"))
		mux.Handle(prefix+"/critical", s.allow(s.critical, "server"))
		for _, name := range []string{
			"serving-kubelet", "client-kubelet", "client-kube-proxy", "client-flannel",
		} {
			mux.Handle(prefix+"/"+name+".crt", s.allow(s.signer(name), "node", "server"))
		}
	}
	mux.Handle("/db/info", s.allow(s.members, "server"))
	return mux
}

func (s *supervisorAPI) allow(next http.HandlerFunc, users ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, given, ok := r.BasicAuth()
		want := map[string]string{"server": s.secrets.server, "node": s.secrets.agent}[name]
		right := want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
		if !ok || !right || !contains(users, name) {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		next(w, r)
	})
}

func (s *supervisorAPI) file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, s.config.Dir("server", "tls", name))
	}
}

func (s *supervisorAPI) ready(w http.ResponseWriter, _ *http.Request) {
	if err := s.kube.ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprint(w, "ok")
}

func (s *supervisorAPI) nodeConfig(w http.ResponseWriter, _ *http.Request) {
	c := s.config
	said := NodeConfig{
		ClusterCIDR: strings.Join(c.List("cluster-cidr"), ","),
		ServiceCIDR: strings.Join(c.List("service-cidr"), ","), ClusterDNS: c.ClusterDNS(),
		ClusterDomain: c.Get("cluster-domain"), FlannelBackend: c.Get("flannel-backend"),
		DisableKubeProxy: c.Bool("disable-kube-proxy"), APIPort: c.APIPort(),
	}
	if c.Distro.Name == distroRKE2.Name {
		said.CNI = strings.Join(c.List("cni"), ",")
	}
	answer(w, said)
}

func (s *supervisorAPI) critical(w http.ResponseWriter, _ *http.Request) {
	answer(w, critical(s.config))
}

// apiservers lists where the Kubernetes API is served: address:port of each server.
func (s *supervisorAPI) apiservers(w http.ResponseWriter, _ *http.Request) {
	found, err := s.kube.apiServers()
	if err != nil || len(found) == 0 {
		found = []string{fmt.Sprintf("%s:%d", s.config.AdvertiseAddress(), s.config.APIPort())}
	}
	answer(w, found)
}

func (s *supervisorAPI) members(w http.ResponseWriter, r *http.Request) {
	found, err := s.store.members(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	answer(w, found)
}

// bootstrap gives what another server needs: the files that all servers have in common.
func (s *supervisorAPI) bootstrap(w http.ResponseWriter, _ *http.Request) {
	answer(w, readShared(s.config))
}

func readShared(c *Config) map[string][]byte {
	files := map[string][]byte{}
	for _, name := range shared {
		if raw, err := os.ReadFile(c.Dir("server", name)); err == nil {
			files[name] = raw
		}
	}
	return files
}

func writeShared(c *Config, files map[string][]byte) error {
	for _, name := range shared {
		if raw, ok := files[name]; ok {
			if err := writeFile(c.Dir("server", name), raw, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// signer signs the certificate request that a node posts, for what the path says and no more.
func (s *supervisorAPI) signer(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		node := r.Header.Get("k3s-Node-Name")
		if r.Method != http.MethodPost || node == "" {
			http.Error(w, "a POST with the header k3s-Node-Name is expected", http.StatusBadRequest)
			return
		}
		raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		block, _ := pem.Decode(raw)
		if err != nil || block == nil {
			http.Error(w, "the body holds no certificate request", http.StatusBadRequest)
			return
		}
		request, err := x509.ParseCertificateRequest(block.Bytes)
		if err == nil {
			err = request.CheckSignature()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		ca, want := s.cas.client, leaf{}
		switch kind {
		case "serving-kubelet":
			ca = s.cas.server
			names := append([]string{node, "localhost", "127.0.0.1", "::1"},
				strings.Split(r.Header.Get("k3s-Node-IP"), ",")...)
			want = leaf{name: node, names: names}
		case "client-kubelet":
			want = leaf{name: "system:node:" + node, groups: []string{"system:nodes"}}
		case "client-kube-proxy":
			want = leaf{name: "system:kube-proxy"}
		case "client-flannel":
			want = leaf{name: "system:" + s.config.Distro.Name + "-controller"}
		}
		signed, err := ca.sign(want, request.PublicKey)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/x-pem-file")
		w.Write(signed)
	}
}

func answer(w http.ResponseWriter, said any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(said)
}
