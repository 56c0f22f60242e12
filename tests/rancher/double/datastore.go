package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// datastore is where the cluster's state lies: embedded etcd, kine upon SQL, or an etcd elsewhere.
type datastore struct {
	config    *Config
	programs  string
	embedded  bool
	endpoint  string // what etcdctl and kube-apiserver are told
	ca        string // files; empty where the endpoint has no TLS
	cert, key string
	kine      string // the data source of kine, empty without it
	migrates  bool   // what SQLite holds goes into embedded etcd first
}

const sqliteOptions = "?_journal=WAL&cache=shared&_busy_timeout=30000&_txlock=immediate"

// chooseDatastore goes by the options, and by what is on the disk already.
func chooseDatastore(c *Config, programs string) (*datastore, error) {
	s := &datastore{config: c, programs: programs}
	tls := c.Dir("server", "tls", "etcd")
	endpoint := c.Get("datastore-endpoint")
	_, err := os.Stat(c.Dir("server", "db", "etcd"))
	hasEtcd := err == nil
	_, err = os.Stat(c.Dir("server", "db", "state.db"))
	hasSQLite := err == nil
	wantsEtcd := c.Bool("cluster-init") || c.Get("server") != "" || c.Distro.Name == distroRKE2.Name
	switch {
	case endpoint == "" && (wantsEtcd || hasEtcd):
		if hasSQLite && !hasEtcd && !c.Bool("cluster-init") {
			return nil, errors.New("this server has a cluster of its own in state.db: " +
				"cluster-init takes it to etcd, and it can join no other")
		}
		s.migrates = hasSQLite && c.Bool("cluster-init")
		s.embedded, s.endpoint = true, "https://127.0.0.1:2379"
		s.ca, s.cert, s.key = tls+"/server-ca.crt", tls+"/client.crt", tls+"/client.key"
	case strings.HasPrefix(endpoint, "http://"), strings.HasPrefix(endpoint, "https://"):
		s.endpoint = endpoint
		s.ca, s.cert = c.Get("datastore-cafile"), c.Get("datastore-certfile")
		s.key = c.Get("datastore-keyfile")
	default:
		if endpoint == "" {
			endpoint = sqliteSource(c)
		}
		s.kine, s.endpoint = endpoint, "unix://"+c.Dir("server", "kine.sock")
	}
	return s, nil
}

// start brings the datastore up and waits until it answers.
func (s *datastore) start(ctx context.Context, supervisor *Supervisor) error {
	switch {
	case s.migrates:
		records, err := s.readSQLite(ctx, supervisor)
		if err != nil {
			return fmt.Errorf("reading state.db: %w", err)
		}
		if err := s.startEtcd(ctx, supervisor); err != nil {
			return err
		}
		return s.writeRecords(ctx, records)
	case s.embedded:
		return s.startEtcd(ctx, supervisor)
	case s.kine != "":
		if err := os.MkdirAll(s.config.Dir("server", "db"), 0o700); err != nil {
			return err
		}
		argv := []string{
			s.programs + "/kine", "--endpoint=" + s.kine, "--listen-address=" + s.endpoint,
			"--metrics-bind-address=0",
		}
		for flag, key := range map[string]string{
			"ca-file": "datastore-cafile", "cert-file": "datastore-certfile",
			"key-file": "datastore-keyfile",
		} {
			if value := s.config.Get(key); value != "" {
				argv = append(argv, "--"+flag+"="+value)
			}
		}
		supervisor.Start(Process{Name: "kine", Argv: argv})
		return waitFor(ctx, 30*time.Second, "kine", func() error {
			_, err := os.Stat(strings.TrimPrefix(s.endpoint, "unix://"))
			return err
		})
	}
	return waitFor(ctx, 60*time.Second, "datastore "+s.endpoint, func() error {
		_, err := s.etcdctl(ctx, nil, "endpoint", "health")
		return err
	})
}

// flags are what kube-apiserver is told.
func (s *datastore) flags() map[string]string {
	flags := map[string]string{"etcd-servers": s.endpoint}
	for name, file := range map[string]string{
		"etcd-cafile": s.ca, "etcd-certfile": s.cert, "etcd-keyfile": s.key,
	} {
		if file != "" {
			flags[name] = file
		}
	}
	return flags
}

// etcdctl asks this host's etcd, or the external one.
func (s *datastore) etcdctl(ctx context.Context, input []byte, argv ...string) ([]byte, error) {
	return s.etcdctlAt(ctx, s.endpoint, input, argv...)
}

func (s *datastore) etcdctlAt(
	ctx context.Context, endpoint string, input []byte, argv ...string,
) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	patience := "10s"
	if argv[0] == "endpoint" || argv[0] == "member" && argv[1] == "list" {
		patience = "2s" // asked again and again while etcd starts
	}
	flags := []string{"--endpoints=" + endpoint, "--command-timeout=" + patience}
	for name, file := range map[string]string{"cacert": s.ca, "cert": s.cert, "key": s.key} {
		if file != "" {
			flags = append(flags, "--"+name+"="+file)
		}
	}
	command := exec.CommandContext(ctx, s.programs+"/etcdctl", append(flags, argv...)...)
	var out, complaint bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &out, &complaint
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %s", argv[0], etcdMessage(complaint.String(), err))
	}
	return out.Bytes(), nil
}

// etcdMessage is what etcd itself said, without etcdctl's log lines about it.
func etcdMessage(said string, err error) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for _, line := range lines {
		if at := strings.Index(line, "etcdserver: "); at >= 0 && strings.HasPrefix(line, "Error:") {
			return line[at:]
		}
	}
	if last := lines[len(lines)-1]; last != "" {
		return strings.TrimPrefix(last, "Error: ")
	}
	return err.Error()
}

// waitFor tries until it works, the patience is over or the program ends.
func waitFor(ctx context.Context, patience time.Duration, what string, try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("timed out waiting for %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}
