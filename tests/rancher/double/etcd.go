package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Member is one of etcd's, as etcdctl and /db/info tell it.
type Member struct {
	ID         uint64   `json:"ID"`
	Name       string   `json:"name"`
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"`
	IsLearner  bool     `json:"isLearner"`
}

func (s *datastore) members(ctx context.Context) ([]Member, error) {
	if !s.embedded {
		return nil, errors.New("etcd is not embedded here")
	}
	return s.membersAt(ctx, s.endpoint)
}

func (s *datastore) membersAt(ctx context.Context, endpoint string) ([]Member, error) {
	raw, err := s.etcdctlAt(ctx, endpoint, nil, "member", "list", "-w", "json")
	if err != nil {
		return nil, err
	}
	var found struct {
		Members []Member `json:"members"`
	}
	return found.Members, json.Unmarshal(raw, &found)
}

func (s *datastore) dir(names ...string) string {
	return s.config.Dir(append([]string{"server", "db", "etcd"}, names...)...)
}

// initialized tells whether this host has been a member.
func (s *datastore) initialized() bool {
	_, err := os.Stat(s.dir("member", "wal"))
	return err == nil
}

// name is this host's member name: the node's with a suffix, so that a host that comes back anew
// is another member.
func (s *datastore) name() (string, error) {
	if raw, err := os.ReadFile(s.dir("name")); err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if err := os.MkdirAll(s.dir(), 0o700); err != nil {
		return "", err
	}
	suffix := make([]byte, 4)
	rand.Read(suffix)
	name := s.config.NodeName() + "-" + hex.EncodeToString(suffix)
	return name, writeFile(s.dir("name"), []byte(name), 0o600)
}

func (s *datastore) peerURL() string { return "https://" + hostOf(s.config.NodeAddress()) + ":2380" }

func (s *datastore) clientURL() string { return "https://" + hostOf(s.config.NodeAddress()) + ":2379" }

func hostOf(address string) string {
	if strings.Contains(address, ":") {
		return "[" + address + "]"
	}
	return address
}

// etcdProcess is the child: initial is its --initial-cluster, state new or existing.
func (s *datastore) etcdProcess(name, initial, state string, more ...string) Process {
	tls := s.config.Dir("server", "tls", "etcd")
	defaults := map[string]string{
		"name":                        name,
		"data-dir":                    s.dir(),
		"initial-cluster":             initial,
		"initial-cluster-state":       state,
		"initial-advertise-peer-urls": s.peerURL(),
		"listen-peer-urls":            s.peerURL() + ",https://127.0.0.1:2380",
		"listen-client-urls":          s.clientURL() + ",https://127.0.0.1:2379",
		"advertise-client-urls":       s.clientURL(),
		"listen-metrics-urls":         "http://127.0.0.1:2381",
		"client-cert-auth":            "true",
		"trusted-ca-file":             tls + "/server-ca.crt",
		"cert-file":                   tls + "/server-client.crt",
		"key-file":                    tls + "/server-client.key",
		"peer-client-cert-auth":       "true",
		"peer-trusted-ca-file":        tls + "/peer-ca.crt",
		"peer-cert-file":              tls + "/peer-server-client.crt",
		"peer-key-file":               tls + "/peer-server-client.key",
		"heartbeat-interval":          "500",
		"election-timeout":            "5000",
		"snapshot-count":              "10000",
		"log-level":                   "warn",
		"logger":                      "zap",
	}
	if s.config.NodeAddress() == "127.0.0.1" {
		defaults["listen-peer-urls"] = s.peerURL()
		defaults["listen-client-urls"] = s.clientURL()
	}
	argv := append([]string{s.programs + "/etcd"}, s.config.Arguments("etcd-arg", defaults)...)
	return Process{Name: "etcd", Argv: append(argv, more...)}
}

// startEtcd starts this host's member: as it was, as the first one, or joined to the others.
func (s *datastore) startEtcd(ctx context.Context, supervisor *Supervisor) error {
	name, err := s.name()
	if err != nil {
		return err
	}
	if err := s.own(); err != nil {
		return err
	}
	join := s.config.Get("server")
	if s.initialized() || join == "" {
		supervisor.Start(s.etcdProcess(name, name+"="+s.peerURL(), "new"))
	} else {
		initial, err := s.joinMembers(ctx, name)
		if err != nil {
			return fmt.Errorf("joining etcd cluster: %w", err)
		}
		supervisor.Start(s.etcdProcess(name, initial, "existing"))
	}
	infof("Waiting for etcd server to become available")
	return s.awaitVoter(ctx, name)
}

// joinMembers adds this host as a learner and gives the --initial-cluster that it starts with.
func (s *datastore) joinMembers(ctx context.Context, name string) (string, error) {
	standing, err := s.askMembers(ctx)
	if err != nil {
		return "", err
	}
	endpoints := clientURLs(standing)
	if endpoints == "" {
		return "", errors.New("no member of the cluster has an address")
	}
	for _, one := range standing {
		if slices.Contains(one.PeerURLs, s.peerURL()) && one.Name != name {
			warnf("removing etcd member %s, which had the address of this server", one.Name)
			id := strconv.FormatUint(one.ID, 16)
			if _, err := s.etcdctlAt(ctx, endpoints, nil, "member", "remove", id); err != nil {
				return "", err
			}
		}
	}
	infof("Adding member %s=%s to etcd cluster %s", name, s.peerURL(), endpoints)
	_, err = s.etcdctlAt(ctx, endpoints, nil,
		"member", "add", name, "--learner", "--peer-urls="+s.peerURL())
	if err != nil && !strings.Contains(err.Error(), "Peer URLs already exists") {
		return "", err
	}
	now, err := s.membersAt(ctx, endpoints)
	if err != nil {
		return "", err
	}
	var initial []string
	for _, one := range now {
		for _, peer := range one.PeerURLs {
			who := one.Name
			if peer == s.peerURL() {
				who = name
			}
			initial = append(initial, who+"="+peer)
		}
	}
	return strings.Join(initial, ","), nil
}

// askMembers asks the server that is joined who the members are.
func (s *datastore) askMembers(ctx context.Context) ([]Member, error) {
	given, err := s.config.Token()
	if err != nil {
		return nil, err
	}
	token, err := ParseToken(given, "server")
	if err != nil {
		return nil, err
	}
	raw, err := fetch(ctx, s.config.Get("server"), token, "/db/info")
	if err != nil {
		return nil, err
	}
	var found []Member
	return found, json.Unmarshal(raw, &found)
}

func clientURLs(members []Member) string {
	var urls []string
	for _, one := range members {
		if !one.IsLearner {
			urls = append(urls, one.ClientURLs...)
		}
	}
	return strings.Join(urls, ",")
}

// awaitVoter waits until this host's member votes, and promotes it once it has caught up.
func (s *datastore) awaitVoter(ctx context.Context, name string) error {
	said := time.Time{}
	return waitFor(ctx, 10*time.Minute, "etcd", func() error {
		found, err := s.membersAt(ctx, s.endpoint)
		if err != nil && strings.Contains(err.Error(), "not supported for learner") {
			found, err = s.askMembers(ctx)
		}
		if err == nil {
			err = s.promote(ctx, name, found)
		}
		if err != nil && time.Since(said) > 10*time.Second {
			said = time.Now()
			infof("Waiting for etcd: %v", err)
		}
		return err
	})
}

func (s *datastore) promote(ctx context.Context, name string, found []Member) error {
	at := slices.IndexFunc(found, func(m Member) bool {
		return m.Name == name || slices.Contains(m.PeerURLs, s.peerURL())
	})
	if at < 0 {
		return fmt.Errorf("etcd member %s has been removed from the cluster", name)
	}
	if found[at].IsLearner {
		id := strconv.FormatUint(found[at].ID, 16)
		if _, err := s.etcdctlAt(ctx, clientURLs(found), nil, "member", "promote", id); err != nil {
			return err
		}
		infof("Promoted etcd member %s", name)
	}
	_, err := s.etcdctl(ctx, nil, "endpoint", "health")
	return err
}

// own gives etcd's files to the user etcd where a CIS profile asks for it.
func (s *datastore) own() error {
	if s.config.Get("profile") == "" {
		return nil
	}
	found, err := user.Lookup("etcd")
	if err != nil {
		return fmt.Errorf("missing required: user: %w", err)
	}
	uid, _ := strconv.Atoi(found.Uid)
	gid, _ := strconv.Atoi(found.Gid)
	return os.Chown(s.dir(), uid, gid)
}
