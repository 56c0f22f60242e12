package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// resetCluster is `server --cluster-reset`: one member is left, this host's, with the data that it
// has or those of a snapshot; then the program ends.
func resetCluster(ctx context.Context, c *Config, supervisor *Supervisor) error {
	flag := c.Dir("server", "db", "reset-flag")
	if _, err := os.Stat(flag); err == nil {
		return fmt.Errorf("Managed etcd cluster membership was already reset, please remove the "+
			"cluster-reset flag and start %s normally. If you need to perform another cluster reset, "+
			"you must first manually delete the file at %s", c.Distro.Name, flag)
	}
	if connection, err := net.DialTimeout("tcp", "127.0.0.1:2379", time.Second); err == nil {
		connection.Close()
		return fmt.Errorf("cluster-reset: etcd answers on 127.0.0.1:2379; stop %s first", c.Distro.Name)
	}
	bin, err := programs(c)
	if err != nil {
		return err
	}
	c.Set("cluster-init", "true")
	store, err := chooseDatastore(c, bin)
	if err != nil {
		return err
	}
	snapshot := c.Get("cluster-reset-restore-path")
	if snapshot == "" && !store.initialized() {
		return errors.New("cluster-reset was requested, but this server has no etcd data to reset")
	}
	if snapshot != "" {
		if err := store.restore(ctx, snapshot); err != nil {
			return fmt.Errorf("failed to restore snapshot: %w", err)
		}
	}
	if err := store.takeOver(ctx, supervisor, snapshot != ""); err != nil {
		return err
	}
	if err := writeFile(flag, nil, 0o600); err != nil {
		return err
	}
	infof("Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. " +
		"Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes")
	return nil
}

// restore puts a snapshot in the place of the data; what stood there is kept beside it.
func (s *datastore) restore(ctx context.Context, snapshot string) error {
	if !strings.Contains(snapshot, "/") {
		snapshot = s.config.snapshotDir() + "/" + snapshot
	}
	if _, err := os.Stat(snapshot); err != nil {
		return fmt.Errorf("etcd: snapshot path does not exist: %s", snapshot)
	}
	if strings.HasSuffix(snapshot, ".zip") {
		unpacked, err := unpack(snapshot)
		if err != nil {
			return err
		}
		defer os.Remove(unpacked)
		snapshot = unpacked
	}
	old := fmt.Sprintf("%s-old-%d", s.dir(), time.Now().Unix())
	switch err := os.Rename(s.dir(), old); {
	case err == nil:
		infof("Pre-restore etcd database moved to %s", old)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	name, err := s.name()
	if err != nil {
		return err
	}
	target := s.dir("restored")
	command := exec.CommandContext(ctx, s.programs+"/etcdutl", "snapshot", "restore", snapshot,
		"--name="+name, "--data-dir="+target,
		"--initial-cluster="+name+"="+s.peerURL(), "--initial-advertise-peer-urls="+s.peerURL())
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("etcdutl: %s", etcdMessage(string(out), err))
	}
	if err := os.Rename(target+"/member", s.dir("member")); err != nil {
		return err
	}
	return os.RemoveAll(target)
}

// takeOver starts etcd as the only member, takes the CAs that a snapshot brought, and stops it.
func (s *datastore) takeOver(ctx context.Context, supervisor *Supervisor, restored bool) error {
	c := s.config
	words, err := settleSecrets(c)
	if err != nil {
		return err
	}
	cas, err := loadAuthorities(c)
	if err != nil {
		return err
	}
	if err := issueCertificates(c, cas); err != nil {
		return err
	}
	name, err := s.name()
	if err != nil {
		return err
	}
	supervisor.Start(s.etcdProcess(name, name+"="+s.peerURL(), "new", "--force-new-cluster=true"))
	if err := s.awaitVoter(ctx, name); err != nil {
		return err
	}
	if restored {
		files, err := s.load(ctx, words.server)
		if err != nil {
			return err
		}
		if err := writeShared(c, files); err != nil {
			return err
		}
		if cas, err = loadAuthorities(c); err != nil {
			return err
		}
		if err := issueCertificates(c, cas); err != nil {
			return err
		}
	}
	supervisor.Stop("etcd")
	return writeTokens(c, cas.server.pem, words)
}
