package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// runServer is `server`: datastore, control plane and supervisor, and this host's node.
func runServer(ctx context.Context, c *Config, supervisor *Supervisor) error {
	if err := checkServer(c); err != nil {
		return err
	}
	if c.Bool("cluster-reset") {
		return resetCluster(ctx, c, supervisor)
	}
	os.Remove(c.Dir("server", "db", "reset-flag"))
	if err := startServer(ctx, c, supervisor); err != nil {
		return fmt.Errorf("starting kubernetes: preparing server: %w", err)
	}
	<-ctx.Done()
	return nil
}

func checkServer(c *Config) error {
	if c.Bool("cluster-init") && c.Get("datastore-endpoint") != "" {
		return errors.New("invalid flag use; cluster-init cannot be used with datastore-endpoint")
	}
	if c.Bool("cluster-reset") && c.Get("server") != "" {
		return errors.New("cannot perform cluster-reset while server URL is set - " +
			"remove server from configuration before resetting")
	}
	if c.Get("cluster-reset-restore-path") != "" && !c.Bool("cluster-reset") {
		return errors.New("invalid flag use; cluster-reset required with cluster-reset-restore-path")
	}
	if c.Get("server") != "" && c.Get("token") == "" && c.Get("token-file") == "" {
		return errors.New("token is required to join a cluster")
	}
	for _, name := range absent {
		if c.Bool(name) {
			return fmt.Errorf("the double has no %s", name)
		}
	}
	if c.Get("profile") != "" {
		warnAboutKernel()
	}
	return os.MkdirAll(c.Dir("server"), 0o700)
}

// absent are documented options that the double knows and cannot do.
var absent = []string{"disable-etcd", "disable-apiserver", "etcd-s3"}

// warnAboutKernel names kernel parameters that a CIS profile wants otherwise. RKE2 does not start
// then; the double may be in a container, where they cannot be set.
func warnAboutKernel() {
	for _, one := range [][2]string{
		{"vm.panic_on_oom", "0"}, {"vm.overcommit_memory", "1"},
		{"kernel.panic", "10"}, {"kernel.panic_on_oops", "1"},
	} {
		raw, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(one[0], ".", "/"))
		if got := strings.TrimSpace(string(raw)); err == nil && got != one[1] {
			warnf("invalid kernel parameter value %s=%s - expected %s", one[0], got, one[1])
		}
	}
}

func startServer(ctx context.Context, c *Config, supervisor *Supervisor) error {
	bin, err := programs(c)
	if err != nil {
		return err
	}
	store, err := chooseDatastore(c, bin)
	if err != nil {
		return err
	}
	s, err := prepare(ctx, c, supervisor, store)
	if err != nil {
		return err
	}
	if err := writeKubeconfigs(c); err != nil {
		return err
	}
	if s.kube, err = newKubeClient(c); err != nil {
		return err
	}
	if err := s.listen(ctx, supervisor.Fail); err != nil {
		return err
	}
	startAPIServer(c, bin, store, supervisor)
	infof("Waiting for API server to become available")
	if err := waitFor(ctx, 5*time.Minute, "kube-apiserver", s.kube.ready); err != nil {
		return err
	}
	startControllers(c, bin, supervisor)
	go newDeployer(c, bin).run(ctx)
	if store.embedded {
		go store.snapshotOnSchedule(ctx)
		go store.removeDeparted(ctx, s.kube)
	}
	infof("%s is up and running", c.Distro.Name)
	if c.Bool("disable-agent") {
		notify("READY=1")
		return nil
	}
	return s.startNode(ctx, supervisor)
}

// startNode starts this host's node, marks it as a server's, and tells systemd.
func (s *supervisorAPI) startNode(ctx context.Context, supervisor *Supervisor) error {
	c := s.config
	url := fmt.Sprintf("https://127.0.0.1:%d", c.SupervisorPort())
	token := Token{CAHash: hashCA(s.cas.server.pem), User: "node", Password: s.secrets.agent}
	if err := startAgent(ctx, c, supervisor, url, token); err != nil {
		return fmt.Errorf("starting agent: %w", err)
	}
	labels := map[string]string{"node-role.kubernetes.io/control-plane": "true"}
	annotations := map[string]string{}
	if s.store.embedded {
		labels["node-role.kubernetes.io/etcd"] = "true"
		if name, err := s.store.name(); err == nil {
			annotations[memberAnnotation(c.Distro)] = name
		}
	}
	err := waitFor(ctx, 5*time.Minute, "node "+c.NodeName(), func() error {
		return s.kube.markNode(c.NodeName(), labels, annotations)
	})
	if err == nil {
		notify("READY=1")
	}
	return err
}

// prepare settles tokens, CAs and certificates, and brings the datastore up.
func prepare(
	ctx context.Context, c *Config, supervisor *Supervisor, store *datastore,
) (*supervisorAPI, error) {
	joins := store.embedded && c.Get("server") != "" && !store.initialized()
	if joins {
		infof("Managed etcd cluster not yet initialized")
		if err := joinCluster(ctx, c); err != nil {
			return nil, fmt.Errorf("failed to bootstrap cluster data: %w", err)
		}
	}
	words, err := settleSecrets(c)
	if err != nil {
		return nil, err
	}
	if !store.embedded && store.kine == "" {
		// Servers of an external datastore have their CAs from there, before they make any.
		if err := store.start(ctx, supervisor); err != nil {
			return nil, err
		}
		files, err := store.load(ctx, words.server)
		if err != nil {
			return nil, err
		}
		if err := writeShared(c, files); err != nil {
			return nil, err
		}
	}
	cas, err := loadAuthorities(c)
	if err != nil {
		return nil, err
	}
	if encrypts(c) {
		if err := writeEncryption(encryptionFile(c)); err != nil {
			return nil, err
		}
	}
	if err := issueCertificates(c, cas); err != nil {
		return nil, err
	}
	if err := writeTokens(c, cas.server.pem, words); err != nil {
		return nil, err
	}
	if store.embedded || store.kine != "" {
		if err := store.start(ctx, supervisor); err != nil {
			return nil, fmt.Errorf("start managed database: %w", err)
		}
	}
	if store.kine == "" {
		if err := store.save(ctx, words.server, readShared(c)); err != nil {
			return nil, err
		}
	}
	return &supervisorAPI{config: c, cas: cas, secrets: words, store: store}, nil
}

func encryptionFile(c *Config) string {
	return filepath.Join(c.Dir("server"), "cred", "encryption-config.json")
}
